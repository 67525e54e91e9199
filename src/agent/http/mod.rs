//! What the agent's faces share: the state of their handlers, who calls, errors as problems, and work that more than
//! one face does. It answers in types; status codes, JSON and pages are made by the faces.
//!
//! | file | what it is |
//! |---|---|
//! | `state` | the handlers' state, and the few ways to ask the site for something |
//! | `caller`, `sessions`, `second_factor` | who calls, how browsers log in, the one-time codes |
//! | `background`, `outcomes` | work that goes on after its page was answered, and what comes of it |
//! | `errors` | what the engine, the store, the router and the relay say, as problems |
//! | `store_notice` | what pages say while the store cannot be written |
//! | `health`, `doctor`, `daily_doctor` | how the daemon's parts are; the examination of everything, and the one that nobody asks for |
//! | `commands` | requests of the admin contract as commands of the engine |
//! | `admins`, `users` | admins and tokens; PINs |
//! | `checkout`, `orders` | money taken or asked for; orders at the gateway |
//! | `settings` | the configuration read and changed |
//! | `adoption`, `leave` | hotspot users that become customers, and back |
//! | `hosts` | names that devices gave themselves |
//! | `router` | the router's difference, and making it so |
//! | `clock`, `ledger`, `backup`, `update` | the clock confirmed, the ledger proven, the store copied, the next version asked for |

pub(crate) mod admins;
pub(crate) mod adoption;
pub(crate) mod background;
pub(crate) mod backup;
pub(crate) mod caller;
pub(crate) mod checkout;
pub(crate) mod clock;
pub(crate) mod commands;
pub(crate) mod daily_doctor;
pub(crate) mod doctor;
pub(crate) mod errors;
pub(crate) mod health;
pub(crate) mod hosts;
pub(crate) mod leave;
pub(crate) mod ledger;
pub(crate) mod orders;
pub(crate) mod outcomes;
pub(crate) mod quick_pin;
pub(crate) mod recovery_kit;
pub(crate) mod reminders;
pub(crate) mod router;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod store_notice;
pub(crate) mod take_over;
pub(crate) mod update;
pub(crate) mod users;
