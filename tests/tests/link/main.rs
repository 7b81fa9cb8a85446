//! The client side of the XMPP stream: against the router, and against scripted servers that break every rule.

mod client;
mod close;
mod errors;
mod hostile;
mod locate;
mod login;
mod mechanisms;
mod steps;
mod timers;
