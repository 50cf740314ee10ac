//! The names of signals that only we send, each to one step.

use std::fmt::Write;

use capstan_engine::core::ids::StepKey;
use sha2::{Digest, Sha256};

/// Longest name of a signal, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 200;

/// The signal of a step: `prefix`, whose first character keeps it out of the public route for signals, and the address.
/// A long address stands there as its hash.
pub(crate) fn signal_name(prefix: &str, step: &StepKey) -> String {
    let name = format!("{prefix}{step}");
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    format!("{prefix}#{}", hex(&Sha256::digest(name.as_bytes())))
}

/// Bytes as text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
