//! The texts of the console, in both languages.
//!
//! | file | what it is |
//! |---|---|
//! | `words` | pages and forms |
//! | `say` | states, reports and refusals in words |

pub(super) mod say;
mod words;

pub(super) use words::ConsoleWords;
