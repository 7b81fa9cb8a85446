//! The servers that tests bring along: the router in memory, and the loopback server from outside.

mod faults;
mod login;
mod loopback;
mod loopback_proxy;
mod proxy;
mod routing;
