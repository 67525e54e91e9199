//! The addresses of the pages.

/// The first page.
pub(in crate::agent::first_run) const START: &str = "/mulai/pulih";
pub(super) const RELAY: &str = "/mulai/pulih/relay";
pub(super) const BUCKET: &str = "/mulai/pulih/bucket";
pub(super) const DISK: &str = "/mulai/pulih/disk";
pub(super) const UPLOAD: &str = "/mulai/pulih/berkas";
pub(super) const KEY: &str = "/mulai/pulih/kunci";
pub(super) const CONFIRM: &str = "/mulai/pulih/periksa";
