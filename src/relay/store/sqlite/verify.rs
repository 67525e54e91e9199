//! x
pub struct Broken;
pub struct Verified;
