//! The XML reader and writer: vectors, attacks, limits, any split, another reader, round trips.

mod generate;
mod hand_over;
mod limits;
mod properties;
mod skipped;
mod vectors;
mod writer;
