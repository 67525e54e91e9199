//! Layered configuration for both programs: defaults, then a TOML file, then what the desk stored, then the environment.
//!
//! A mistake becomes a [`Finding`] that names its key, where it was written, why it is refused and what to
//! write. All findings are gathered before anything is reported.

mod colour;
mod environment;
mod finding;
mod layers;
mod render;
mod secret;
mod section;
mod values;
mod words;

pub use colour::Colour;
pub use environment::Environment;
pub use finding::{Finding, SettingsError};
pub use layers::{DeskSource, Layered, Origin, Sources, flatten, read, toml_values};
pub use render::to_toml;
pub use secret::{Replaceable, Secret, SecretSource, credential_file, without_mark};
pub use section::{DeskChange, Key, SectionKeys, TakesEffect};
pub(crate) use section::{Ranged, Section, section};
pub use values::{
    Fingerprint, HostName, HttpUrl, ListName, Network, RouterAddress, SpeedLimit, amount, day_minute,
    days_text, duration, duration_text, optional_listen, optional_url, parse_duration,
};
