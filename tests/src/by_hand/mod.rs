//! What tests play step by step: sessions whose world is the test, and servers and peers that know nothing but strings.

#![allow(missing_docs)] // steps say in their names what they do

pub mod hosted;
pub mod owned;
pub mod scripted;
