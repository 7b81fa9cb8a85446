//! Agrees on a file and a method.

pub mod si;
