//! Every statement of the engine. Functions take a connection and are named after what happens.

pub mod bulk;
pub mod children;
pub mod claim;
pub mod codec;
pub mod commit;
pub mod connect;
pub mod error;
pub mod executions;
pub mod line;
pub mod link;
pub mod logs;
pub mod migrate;
pub mod moment;
pub mod orders;
pub mod past;
pub mod preflight;
pub mod quotas;
pub mod restart;
pub mod shares;
pub mod signals;
pub mod slices;
pub mod start;
pub mod trials;
pub mod upkeep;
pub mod workers;
pub mod workflows;
