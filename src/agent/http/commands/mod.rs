//! What requests of the admin contract ask of the engine, for every face.
//!
//! | file | what it is |
//! |---|---|
//! | `drawer` | counting a cash drawer |
//! | `import` | many users at once, with every finding |
//! | `money` | quota, debts and money |
//! | `orders` | reviews and refunds |
//! | `packages` | packages |
//! | `users` | users and their devices |

pub(crate) mod drawer;
pub(crate) mod import;
pub(crate) mod money;
pub(crate) mod orders;
pub(crate) mod packages;
pub(crate) mod users;
