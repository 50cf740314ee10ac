//! What can go wrong when workspaces and keys are made.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use thiserror::Error;

/// A workspace or key could not be made.
#[derive(Debug, Error)]
pub enum AccessError {
    /// The slug does not fit in an address.
    #[error("the address {0:?} cannot be used: it is 3 to 63 lower-case letters, digits and -, without - at the ends")]
    BadSlug(String),
    /// Another workspace has it.
    #[error("the address {0:?} is taken")]
    SlugTaken(String),
    /// We need it for ourselves.
    #[error("the address {0:?} is reserved")]
    SlugReserved(String),
    /// It has a word that nobody's may have.
    #[error("the word {0:?} is blocked in names of workspaces")]
    Blocked(&'static str),
    /// We cannot place it so.
    #[error("the placement {0:?} is none: write pooled or dedicated, or leave it out")]
    Placement(String),
    /// There is a user with that address.
    #[error("there is an account with this address already")]
    EmailTaken,
    /// They belong to the workspace.
    #[error("who has this address belongs to the workspace already")]
    AlreadyMember,
    /// A workspace has one.
    #[error("the workspace has an owner already")]
    SecondOwner,
    /// At a limit.
    #[error("there are {most} {what} already, which is the most")]
    TooMany {
        /// In the plural.
        what: &'static str,
        /// How many there may be.
        most: i64,
    },
    /// Too short or too long.
    #[error("the name {name:?} cannot be used: write {chars_min} to {chars_max} characters")]
    BadName {
        /// As given.
        name: String,
        /// Fewest characters.
        chars_min: usize,
        /// Most characters.
        chars_max: usize,
    },
    /// A schema that is no cell.
    #[error("there is no cell {0:?}: run `capstan migrate` first")]
    UnknownCell(String),
    /// No such workspace.
    #[error("there is no workspace {0}")]
    UnknownWorkspace(WorkspaceId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for AccessError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whether `error` is the violation of that constraint.
pub(super) fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(|error| error.constraint()) == Some(constraint)
}

/// `name` without blanks around it, if it has that many characters and none of control.
pub(super) fn check_name(name: &str, chars_min: usize, chars_max: usize) -> Result<&str, AccessError> {
    let name = name.trim();
    let good = (chars_min..=chars_max).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if good { Ok(name) } else { Err(AccessError::BadName { name: name.into(), chars_min, chars_max }) }
}
