//! How secrets lie in the database: sealed under a key that the database does not have.
//!
//! Each secret has a data key of its own, which encrypts it and is itself encrypted ("wrapped") by a key of the ring. Workspace,
//! kind and id are bound to both, so that the bytes open in their own row only. `envelope.rs` says how they look.

mod envelope;
pub mod redact;
mod ring;
mod sealed_tables;
mod secret;

pub use envelope::{OpenError, SECRET_BYTES_MAX, SealError, Sealed, open, reseal, seal};
pub use ring::{KeyRing, KeyRingError};
pub use sealed_tables::{SEALED, SealedTable, Under, Walk, census, rotate_some, unopened};
pub use secret::Secret;
