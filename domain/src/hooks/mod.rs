//! Inbound hooks: whether a call is from whom it says, and listening for one without a start.

pub mod listen;
pub mod secrets;
mod signature;
mod verify;

pub use secrets::is_secret_name;
pub use verify::{Algorithm, Encoding, Message, NotVerified, Preset, TOLERANCE_S_DEFAULT, Verified, Verify, verify};
