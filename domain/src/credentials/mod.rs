//! Credentials: what steps prove themselves with to other systems, by name, and to which hosts.
//!
//! `types.rs` is the one list of types. People write credentials through the API (`store.rs`) and never read them back; steps
//! of a worker open them (`vault.rs`). Whether a provider takes one is tried out by a worker, too (`tested.rs`).

mod gmail;
mod hosts;
mod keeping;
mod store;
pub mod tested;
mod types;
mod used;
mod vault;

pub use gmail::{GMAIL, GMAIL_SCOPE, is_send_only};
pub use hosts::{AllowedHost, HostError, allows};
pub use keeping::{Kept, Token};
pub use store::{
    CredentialRow, CredentialUse, NewCredential, Renamed, count, create, delete, find, find_named, hold, list, named,
    rename, replace, uses,
};
pub use types::{
    CredentialType, Field, FieldError, FieldKind, SECRET_CHARS_MIN, TEXT_CHARS_MAX, TYPES, credential_type,
};
pub use used::{LOOKED_THROUGH_MAX, UseRow, used};
pub use vault::{Opened, REFRESH_MAX, Vault};

/// Most credentials of a workspace.
pub const CREDENTIALS_MAX: i64 = 1_000;
/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 100;
/// Most hosts of a credential.
pub const HOSTS_MAX: usize = 20;

/// What the envelope of a credential is bound to, beside workspace and id.
pub const KIND: &str = "credential";
/// The same of a token.
pub const TOKEN_KIND: &str = "credential_token";

/// Whether it can be the name of a credential: 1 to [`NAME_BYTES_MAX`] of `a-z A-Z 0-9 _ . -`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain)
}
