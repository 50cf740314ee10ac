//! Months that are older than what is kept: archived where that is set, and dropped. What an interrupted round has left is found by
//! the next one: an archive may get a month twice, and a month whose tables are half gone is gone on with.

use std::time::Duration;

use capstan_domain::analytics::{Turn, is_summed_up, turn};
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::retention::{
    close, drop_next, end_parked, is_archived, note_archived, old_months, retention, take_along, take_time,
};
use chrono::NaiveDate;
use sqlx::PgConnection;
use thiserror::Error;
use tokio::time::sleep;
use tracing::info;

use super::archive::{Archive, ArchiveFailed};
use crate::worker::Engine;

/// Longest time of a statement that reads a month. One that is handed to an archive takes as long as the command may.
const READING_MAX: Duration = Duration::from_secs(6 * 3_600);
/// Months that one round drops, and months that it finds it has to keep.
const MONTHS_MAX: usize = 12;
const KEPT_MAX: usize = 120;
/// Kept months that are told with their reasons; of the others how many there are.
const TOLD_MAX: usize = 5;
/// Turns of summing up days that one round takes for a month; what is left is done by the duty of that, or by the next round.
const TURNS_MAX: usize = 1_000;
/// How often a table is tried that others are at, and the pause between two tries.
const LOCK_TRIES_MAX: u32 = 60;
const LOCK_PAUSE: Duration = Duration::from_secs(1);

/// Why a round broke off.
#[derive(Debug, Error)]
pub(super) enum RetentionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("months are to be archived, and this worker has no CAPSTAN_ARCHIVE_COMMAND: set it for all workers")]
    NoCommand,
    #[error(transparent)]
    Archive(#[from] ArchiveFailed),
}

/// Drops what is old, oldest first, but for months that have to stay; what it says is for operators.
pub(super) async fn round(engine: &Engine, place: &Place) -> Result<String, RetentionError> {
    let looked = engine.side.run(async |connection| Ok((retention(connection).await?, old_months(connection).await?)));
    let (set, months) = looked.await?;
    let Some(days) = set.keep_days else { return Ok("history is kept for good".into()) };
    if months.is_empty() {
        return Ok(format!("no month is older than {days} days"));
    }
    let archive = Archive::of(&engine.upkeep, place);
    if set.is_archived && archive.is_none() {
        return Err(RetentionError::NoCommand);
    }
    // A connection of its own, for as long: a month may have many rows.
    let mut connection = place.connect(Role::Worker).await?;
    take_time(&mut connection, READING_MAX.max(engine.upkeep.archive_max)).await?;
    let (mut gone, mut kept) = (Vec::new(), Vec::new());
    for month in months {
        if gone.len() >= MONTHS_MAX || kept.len() >= KEPT_MAX {
            break;
        }
        let name = month.format("%Y-%m").to_string();
        if !sum_up(&mut connection, month).await? {
            // Nor are those of later ones.
            kept.push(format!("{name} is kept: its days are not summed up yet"));
            break;
        }
        if let Some(reason) = close(&mut connection, month).await? {
            kept.push(format!("{name} is kept: {reason}"));
            continue;
        }
        while end_parked(&mut connection, month).await? > 0 {}
        if let Some(archive) = archive.as_ref().filter(|_| set.is_archived) {
            bring(&mut connection, archive, month).await?;
        }
        while take_along(&mut connection, month).await? > 0 {}
        drop_all(&mut connection, month).await?;
        gone.push(name);
    }
    Ok(in_words(&gone, &kept))
}

/// Whether the days of a month are summed up, after a fleet that stood still for longer than history is kept, too: then here.
async fn sum_up(connection: &mut PgConnection, month: NaiveDate) -> Result<bool, StoreError> {
    for _ in 0..TURNS_MAX {
        if is_summed_up(connection, month).await? {
            return Ok(true);
        }
        if turn(connection).await? == Turn::Over {
            break;
        }
    }
    is_summed_up(connection, month).await
}

/// What became of the months.
fn in_words(gone: &[String], kept: &[String]) -> String {
    let dropped = if gone.is_empty() { "no month dropped".into() } else { format!("dropped: {}", gone.join(", ")) };
    let mut said: Vec<String> = vec![dropped];
    said.extend(kept.iter().take(TOLD_MAX).cloned());
    if kept.len() > TOLD_MAX {
        said.push(format!("{} more are kept", kept.len() - TOLD_MAX));
    }
    said.join("; ")
}

async fn bring(connection: &mut PgConnection, archive: &Archive<'_>, month: NaiveDate) -> Result<(), RetentionError> {
    if is_archived(connection, month).await? {
        return Ok(());
    }
    let bytes = archive.month(connection, month).await?;
    note_archived(connection, month).await?;
    info!(%month, bytes, "a month of history is in the archive");
    Ok(())
}

/// Table by table. Each try holds others up for a fifth of a second at most.
async fn drop_all(connection: &mut PgConnection, month: NaiveDate) -> Result<(), StoreError> {
    let mut tries = 1;
    loop {
        match drop_next(connection, month).await {
            Ok(Some(table)) => info!(table, "dropped a month of history"),
            Ok(None) => return Ok(()),
            Err(StoreError::LockTimeout) if tries < LOCK_TRIES_MAX => {
                tries += 1;
                sleep(LOCK_PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_months_is_told_and_of_many_that_stay_how_many() {
        let named = |count: usize| (1..=count).map(|n| format!("month {n}")).collect::<Vec<_>>();
        assert_eq!(in_words(&[], &[]), "no month dropped");
        assert_eq!(in_words(&named(2), &[]), "dropped: month 1, month 2");
        assert_eq!(in_words(&named(1), &named(1)), "dropped: month 1; month 1");
        let told = in_words(&[], &named(TOLD_MAX + 2));
        assert!(told.contains("month 5; 2 more are kept") && !told.contains("month 6"), "{told}");
    }
}
