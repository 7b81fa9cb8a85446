//! Everything that checks libxft.

pub mod servers;
