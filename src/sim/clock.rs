//! What the clock of a simulator follows.

/// What a simulated clock follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimClock {
    /// The clock does not move unless it is advanced with [`SimRouter::advance`](super::SimRouter::advance) or [`MidtransSim::advance`](super::midtrans::MidtransSim::advance).
    #[default]
    Virtual,
    /// Real time passes, and what it is moved by is added.
    Real,
}
