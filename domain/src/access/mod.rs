//! Workspaces and who may act for them.
//!
//! Making things needs a connection of the owner to the `control` schema; resolving needs one of the API role, which
//! can only turn an exact key or slug into one workspace.

mod api_keys;
mod error;
pub mod permissions;
mod resolve;
mod workspaces;

pub use api_keys::{KEY_BYTES, KeyId, KeyRow, create_key, hash_key, is_key, list_keys, revoke_key};
pub use error::AccessError;
pub use permissions::{Permission, Permissions, Role};
pub use resolve::{
    AdmittedKey, KeyName, Tenant, admit_key, is_slug, name_key, resolve_key, resolve_slug, slug_of, touch_key,
};
pub use workspaces::{WORKSPACES_LISTED_MAX, WorkspaceRow, create_workspace, ensure_cell, list_workspaces};
