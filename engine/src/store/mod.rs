//! Every statement of the engine. Functions take a connection and are named after what happens.

pub mod bulk;
pub mod claim;
pub mod codec;
pub mod commit;
pub mod connect;
pub mod error;
pub mod executions;
pub mod link;
pub mod logs;
pub mod migrate;
pub mod moment;
pub mod orders;
pub mod past;
pub mod preflight;
pub mod quotas;
pub mod restart;
pub mod signals;
pub mod start;
pub mod upkeep;
pub mod workers;
pub mod workflows;
