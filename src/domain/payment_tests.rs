//! Tables of the reducer.
