//! A private PostgreSQL cluster that belongs to the program that starts it.
//!
//! The server comes from the binaries that are installed on the machine, runs as an unprivileged user, listens on a
//! Unix socket in a folder of mode 0700 and stops with the program. The distribution's own cluster is never touched.
//!
//! A cluster lives in one folder, the *home*:
//!
//! ```text
//! home/
//! ├── lock        held (flock) for the life of the program; contains its process id
//! ├── cluster/    PGDATA, complete as soon as it has this name
//! ├── cluster.making.N/   an initdb under way, or one that was killed: removed by the next start
//! ├── socket/     mode 0700, made anew at each start
//! └── server.log  what the server said
//! ```
//!
//! What a killed program leaves is cleared by its next start: a server that still runs is stopped first, then started
//! anew. A small guard process does so earlier: it waits for the end of a pipe that only the program holds.
//!
//! The API blocks; asynchronous callers wrap it in `spawn_blocking`.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod cluster;
mod error;
mod guard;
mod home;
mod identity;
mod install;
mod memory;
mod options;
mod postgres;
mod processes;
mod server;
mod socket;
mod sweep;
pub mod testing;
mod url;

pub use error::Error;
pub use install::{Installation, MAJOR_MIN};
pub use options::Options;
pub use postgres::PrivatePostgres;
pub use testing::{TestDatabase, shared_for_tests, test_database, test_database_like};
