//! Everything that can go wrong with a private cluster.

use std::io;
use std::path::{Path, PathBuf};

use crate::install::MAJOR_MIN;

/// Why a private cluster could not be started, used or stopped. Each message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No server binaries of a supported version are on this machine.
    #[error(
        "no PostgreSQL server binaries of version {MAJOR_MIN} or later were found: install them (Debian, Ubuntu: run \
         `make setup`, or apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install \
         postgresql@17), name their folder in CAPSTAN_POSTGRES_BIN, or set DATABASE_URL to use a running server"
    )]
    NotInstalled,

    /// `CAPSTAN_POSTGRES_BIN` is set, but no usable server is there.
    #[error(
        "CAPSTAN_POSTGRES_BIN is {}, but that folder has no working `postgres`, `initdb` and `createdb` of version \
         {MAJOR_MIN} or later that user {user} can run: correct it, or unset it to search the usual places", path.display()
    )]
    BadBinaries {
        /// The value of the variable.
        path: PathBuf,
        /// The user that the server would run as.
        user: String,
    },

    /// The cluster was made by a major version that is not installed.
    #[error(
        "the cluster in {} was made by PostgreSQL {wanted}, but installed is only {found}: install PostgreSQL \
         {wanted}, or move that folder away to begin with an empty cluster", cluster.display()
    )]
    MajorMissing {
        /// The PGDATA folder.
        cluster: PathBuf,
        /// Content of its `PG_VERSION`.
        wanted: String,
        /// The installed majors, for people.
        found: String,
    },

    /// Another live program holds the lock of this home.
    #[error(
        "{} is already in use by process {holder}: stop that process, or use another data folder", home.display()
    )]
    InUse {
        /// The home folder.
        home: PathBuf,
        /// The process id that the holder wrote, or `unknown` if it had no time to.
        holder: String,
    },

    /// A folder that must be ours belongs to someone else, or is no folder.
    #[error("{} is not a folder of user {user}: move it away, or use another data folder", path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
        /// Who must own it.
        user: String,
    },

    /// The unprivileged user cannot enter the folder.
    #[error(
        "user {user}, as which the server runs, cannot enter {}: allow it to enter each folder on the way \
         (chmod o+x), or use another data folder", path.display()
    )]
    Unreachable {
        /// The folder.
        path: PathBuf,
        /// The user that the server runs as.
        user: String,
    },

    /// There is something in the place of the cluster that is not one.
    #[error("{} has files in it but no PG_VERSION, so it is no cluster: move it away", cluster.display())]
    NotACluster {
        /// The PGDATA folder.
        cluster: PathBuf,
    },

    /// No folder was found whose socket path fits into a socket address.
    #[error("the socket path {} is too long or odd: set TMPDIR to a short path", path.display())]
    SocketPathTooLong {
        /// The longest one tried.
        path: PathBuf,
    },

    /// A setting that this crate must control, or a name that is none.
    #[error("PostgreSQL setting {name:?} cannot be given here: it is either no setting name or fixed by Capstan")]
    BadSetting {
        /// Its name.
        name: String,
    },

    /// A program of PostgreSQL ran and failed.
    #[error("{program} failed ({status}): {output}")]
    Failed {
        /// Which program.
        program: String,
        /// How it ended.
        status: String,
        /// The last lines of what it printed.
        output: String,
    },

    /// The server ended, or was not ready in time.
    #[error("PostgreSQL in {} did not start: {reason}; the end of {}:\n{tail}", cluster.display(), log.display())]
    DidNotStart {
        /// The PGDATA folder.
        cluster: PathBuf,
        /// What was observed.
        reason: String,
        /// The log file.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// Processes of the cluster survive even a kill.
    #[error("PostgreSQL in {} cannot be stopped: process {pid} does not end", cluster.display())]
    DidNotStop {
        /// The PGDATA folder.
        cluster: PathBuf,
        /// One that is left.
        pid: i32,
    },

    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted, as a verb.
        action: &'static str,
        /// On which file or program.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

/// For `map_err`: adds what was attempted, and on what.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
