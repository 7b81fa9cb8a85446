//! Whole programs against whole servers: who sends, who receives, what crosses, what must fail and how.

pub mod blocked;
pub mod endpoint;
pub mod fallback;
pub mod faults;
pub mod files;
pub mod interrupted;
pub mod matrix;
pub mod methods;
pub mod program;
pub mod proxies;
pub mod report;
pub mod tools;
pub mod variants;
