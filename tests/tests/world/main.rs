//! Thousands of worlds, each from one seed, and the committed fuzz corpora.

mod corpora;
mod seeds;
