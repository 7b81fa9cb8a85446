//! Agrees on a file and a method, by stream initiation with every peer (SI-02).

pub mod fallback;
pub mod si;
pub mod streamhosts;
pub(crate) mod verdicts;
