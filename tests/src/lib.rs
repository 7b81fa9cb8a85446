//! Everything that checks libxft.
