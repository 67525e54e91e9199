//! What the clock of a simulator follows.

/// What a simulated clock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimClock {
    /// It stands still unless moved with [`SimRouter::advance`](super::SimRouter::advance) or [`MidtransSim::advance`](super::midtrans::MidtransSim::advance).
    #[default]
    Virtual,
    /// Real time passes, and what it is moved by is added.
    Real,
}
