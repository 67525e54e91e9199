//! The agent daemon and the operator's command line.

fn main() {}
