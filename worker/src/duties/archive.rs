//! Where months go before they are dropped: a command of the operator's, which reads lines of JSON.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use capstan_domain::cells::name_in_archive;
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::retention::{self, ArchiveError, tables_of};
use chrono::NaiveDate;
use sqlx::PgConnection;
use thiserror::Error;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::UpkeepSettings;

/// How long a command that has closed its input may take until its exit status is known.
const EXIT_MAX: Duration = Duration::from_secs(10);

/// Why a month is not in the archive.
#[derive(Debug, Error)]
pub(super) enum ArchiveFailed {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("CAPSTAN_ARCHIVE_COMMAND cannot be run: {0}")]
    Spawn(#[source] io::Error),
    #[error("CAPSTAN_ARCHIVE_COMMAND did not take {table} of {month}: {reason}")]
    NotTaken { table: &'static str, month: NaiveDate, reason: String },
    #[error("CAPSTAN_ARCHIVE_COMMAND was at {table} of {month} for longer than {seconds} s, and is ended")]
    TooSlow { table: &'static str, month: NaiveDate, seconds: u64 },
}

/// The command, and what it is told.
pub(super) struct Archive<'a> {
    command: &'a str,
    longest: Duration,
    /// Of the cell: dedicated ones all have the same schema.
    cell: &'a str,
}

impl<'a> Archive<'a> {
    /// None if no command is set.
    pub(super) fn of(settings: &'a UpkeepSettings, place: &'a Place) -> Option<Self> {
        let command = settings.archive_command.as_deref().map(str::trim).filter(|command| !command.is_empty())?;
        Some(Self { command, longest: settings.archive_max, cell: name_in_archive(place) })
    }

    /// Hands over the tables of a month that are still there, one run of the command each; how many bytes.
    pub(super) async fn month(&self, connection: &mut PgConnection, month: NaiveDate) -> Result<u64, ArchiveFailed> {
        let mut bytes = 0;
        for table in tables_of(connection, month).await? {
            bytes += self.table(connection, table, month).await?;
        }
        Ok(bytes)
    }

    async fn table(
        &self,
        connection: &mut PgConnection,
        table: &'static str,
        month: NaiveDate,
    ) -> Result<u64, ArchiveFailed> {
        let mut child = self.spawn(table, month).map_err(ArchiveFailed::Spawn)?;
        let mut sink = child.stdin.take().ok_or_else(|| ArchiveFailed::Spawn(io::ErrorKind::BrokenPipe.into()))?;
        let too_slow = || ArchiveFailed::TooSlow { table, month, seconds: self.longest.as_secs() };
        let not_taken = |reason: String| ArchiveFailed::NotTaken { table, month, reason };
        let sent = timeout(self.longest, retention::archive(connection, table, month, &mut sink)).await;
        let bytes = match sent {
            Ok(Ok(bytes)) => bytes,
            // It has ended, or takes no more: its exit status says more than the broken pipe.
            Ok(Err(ArchiveError::Sink(error))) => {
                let ended = timeout(EXIT_MAX, child.wait()).await;
                let said = ended.ok().and_then(Result::ok).map_or_else(|| error.to_string(), |it| it.to_string());
                return Err(not_taken(format!("it has not read all ({said})")));
            }
            // Before its input ends: it should not take a part for the whole.
            Ok(Err(ArchiveError::Store(error))) => {
                let _ = child.kill().await;
                return Err(error.into());
            }
            Err(_) => {
                let _ = child.kill().await;
                return Err(too_slow());
            }
        };
        drop(sink);
        match timeout(self.longest, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(bytes),
            Ok(Ok(status)) => Err(not_taken(status.to_string())),
            Ok(Err(error)) => Err(not_taken(error.to_string())),
            Err(_) => Err(too_slow()),
        }
    }

    fn spawn(&self, table: &str, month: NaiveDate) -> io::Result<Child> {
        Command::new("/bin/sh")
            .args(["-c", self.command])
            .env("CAPSTAN_ARCHIVE_SCHEMA", self.cell)
            .env("CAPSTAN_ARCHIVE_TABLE", table)
            .env("CAPSTAN_ARCHIVE_MONTH", month.format("%Y-%m").to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }
}

#[cfg(test)]
mod tests {
    use capstan_domain::cells::DEDICATED_SCHEMA;

    use super::*;

    #[test]
    fn no_two_cells_have_one_name_in_the_archive() {
        let home = Place::new("postgres://home.example/capstan_fleet", "cell_1").unwrap();
        assert_eq!(name_in_archive(&home), "cell_1");
        for database in ["capstan_one", "capstan_other"] {
            let database = home.database.clone().database(database);
            let own = Place { database: database.clone(), schema: DEDICATED_SCHEMA.into(), pooler: None };
            assert_eq!(Some(name_in_archive(&own)), database.get_database());
        }
    }
}
