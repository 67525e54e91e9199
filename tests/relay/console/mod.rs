//! The operators' console: who gets in, what each role may, what pages show and change, and the same as JSON.

mod api;
mod browser;
mod changes;
mod entrance;
mod pages;
mod roles;
