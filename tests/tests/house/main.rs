//! The house itself: which room imports whom, which rule and which word a test holds, and what the documents say.

mod book;
mod circles;
mod layering;
mod readme;
mod rules;
mod variants;
