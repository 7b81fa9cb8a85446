//! The XML reader and writer: vectors, attacks, limits, any split, another reader, round trips.

mod vectors;
