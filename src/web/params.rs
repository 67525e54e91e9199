//! Paths and queries whose mistakes are named.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query as AxumQuery, RawPathParams};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

use super::body::named;
use super::problem::Problem;

/// The one parameter of a path.
#[derive(Clone, Debug)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = raw(parts, state).await?;
        Ok(Self(read(&mut params.iter())?))
    }
}

/// The two parameters of a path, in its order.
#[derive(Clone, Debug)]
pub struct Paths<A, B>(pub A, pub B);

impl<A, B, S> FromRequestParts<S> for Paths<A, B>
where
    A: FromStr<Err: Display>,
    B: FromStr<Err: Display>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = raw(parts, state).await?;
        let mut params = params.iter();
        Ok(Self(read(&mut params)?, read(&mut params)?))
    }
}

async fn raw<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams, Problem> {
    let read = RawPathParams::from_request_parts(parts, state).await;
    read.map_err(|_| Problem::invalid("path", "is not UTF-8"))
}

fn read<'a, T: FromStr<Err: Display>>(
    params: &mut impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<T, Problem> {
    let (name, text) = params.next().expect("the route has as many parameters as its handler takes");
    text.parse().map_err(|error: T::Err| Problem::invalid(name, error.to_string()))
}

/// The parameters after `?`. One with an empty value counts as absent; one that is unknown or there twice is 422.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let AxumQuery(pairs) = AxumQuery::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::malformed("the query cannot be read"))?;
        parse(pairs).map(Self)
    }
}

fn parse<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T, Problem> {
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let map = MapDeserializer::<_, serde::de::value::Error>::new(given);
    serde_path_to_error::deserialize(map)
        .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
}
