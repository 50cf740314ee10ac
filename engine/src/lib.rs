//! The engine: what happens to an execution, and how that is kept.
//!
//! [`core`] decides and knows nobody; [`store`] holds every engine statement; [`faults`] is
//! for those who test what a death at a given line does, or record what a run does.

pub mod core;
pub mod faults;
pub mod store;
