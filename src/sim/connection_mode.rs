//! How a simulator treats new connections.

/// What a simulator does with a connection before anything is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionMode {
    /// Serves it.
    #[default]
    Accept,
    /// Refuses it: nobody listens.
    Refuse,
    /// Accepts it and never answers.
    Hang,
}
