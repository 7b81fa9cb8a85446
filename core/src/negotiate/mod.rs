//! Agrees on a file and a method.

pub mod fallback;
pub mod si;
pub mod streamhosts;
pub(crate) mod verdicts;
