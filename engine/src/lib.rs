//! The engine: what happens to an execution, and how that is kept.
//!
//! [`core`] decides and knows nobody; [`store`] holds every engine statement.

pub mod core;
pub mod store;
