//! Operators of the relay.
//!
//! | file | what it is |
//! |---|---|
//! | `edit` | changes of operators, for commands and the console |

pub mod edit;
