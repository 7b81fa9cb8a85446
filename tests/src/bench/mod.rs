//! What libxft costs, as ratios measured in one run: variants take turns, and the median of many rounds counts.

pub mod clock;
pub mod core_rates;
pub mod peer;
pub mod programs;
pub mod table;
