//! Everything that checks libxft.

pub mod router;
pub mod servers;
