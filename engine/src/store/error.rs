//! What can go wrong between the engine and its database.

use thiserror::Error;

/// SQLSTATE that the guard of a fenced worker raises.
const FENCED: &str = "CAP01";
/// SQLSTATE of a deadlock that this transaction was taken out of.
const DEADLOCK: &str = "40P01";
/// SQLSTATE of a lock that was not had within `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// SQLSTATE of a row that a check refuses, and of one for which no partition is there: only the former names a constraint.
const CHECK_VIOLATION: &str = "23514";

/// SQLSTATEs, or how they begin, of a database that is slow, full, restarted or out of reach for a while: broken
/// connections, times that were over and standbys, refused log-ins, a database that is not there, deadlocks, want of
/// resources, statements that were cancelled and servers that stop, failing disks.
const AWAY: [&str; 11] = ["08", "25006", "25P03", "25P04", "28", "3D000", "40", "53", "57", "58", LOCK_NOT_AVAILABLE];

/// An engine statement failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The worker was fenced: what it holds is no longer its own.
    #[error("the worker has been fenced")]
    Fenced,
    /// A lock was not had within its time.
    #[error("a lock was not available in time")]
    LockTimeout,
    /// The database refuses the data itself; repeating it would not help.
    #[error("the database refused the data: {0}")]
    Data(#[source] sqlx::Error),
    /// Whether the statement took effect is not known, or it may be repeated.
    #[error("the database did not answer as expected: {0}")]
    Database(#[source] sqlx::Error),
    /// There are no tables for the month of an execution that might have to wait; nothing was written.
    #[error("there are no tables for the month of an execution")]
    NoMonth,
    /// A version needs a newer build: an unknown node type, or rules that this build does not have.
    #[error("{0}")]
    Unsupported(String),
    /// A row does not read as what the engine wrote.
    #[error("{0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether trying the same again later may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::LockTimeout | Self::Database(_))
    }

    /// Whether there are no tables for the month of an execution: no worker has made them yet, or the clock that its id was made by
    /// is months off. It is no fault of the data, and nothing was written.
    #[must_use]
    pub fn is_month_missing(&self) -> bool {
        match self {
            Self::NoMonth => true,
            Self::Data(sqlx::Error::Database(error)) => {
                error.constraint().is_none() && error.code().is_some_and(|code| code == CHECK_VIOLATION)
            }
            _ => false,
        }
    }

    /// Whether the database was away, slow or in the way of itself: no fault of what was asked, and it passes. Narrower
    /// than [`Self::is_transient`], so that it may be waited for without an end: a statement that is wrong, as one that names
    /// a table which is not there, is none of it.
    #[must_use]
    pub fn is_away(&self) -> bool {
        let error = match self {
            Self::LockTimeout => return true,
            Self::Database(error) => error,
            Self::Fenced | Self::Data(_) | Self::NoMonth | Self::Unsupported(_) | Self::Corrupt(_) => return false,
        };
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                AWAY.iter().any(|class| code.starts_with(class))
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => true,
            _ => false,
        }
    }
}

/// SQLSTATE of an error; empty if it did not come from the server.
fn code_of(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned()
}

/// Whether others had a lock: it was not had within its time, or both waited for each other.
pub(super) fn is_lock_taken(error: &sqlx::Error) -> bool {
    [LOCK_NOT_AVAILABLE, DEADLOCK].contains(&code_of(error).as_str())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = code_of(&error);
        if matches!(
            error,
            sqlx::Error::RowNotFound
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
        ) {
            return Self::Corrupt(format!("a row does not read as expected: {error}"));
        }
        match code.as_str() {
            FENCED => Self::Fenced,
            LOCK_NOT_AVAILABLE => Self::LockTimeout,
            // Classes 22 (data exception) and 23 (constraint), and untranslatable characters.
            code if code.starts_with("22") || code.starts_with("23") || code.starts_with("54") => Self::Data(error),
            _ => Self::Database(error),
        }
    }
}
