//! One turn of one job: a page of its part, whose finds, changes and cursor are one transaction. Who dies in a turn has done
//! all of it or nothing, and the next one goes on there.

use capstan_engine::store::error::StoreError;
use sqlx::{Connection, PgConnection};
use tracing::warn;

use super::part::{Finds, Page, Part};
use super::person::Person;
use super::turn::{Next, Picked, Turn, finish, give_up_turn, pick};
use super::{events, executions, history, leads, left, mails, record_history, records};

/// Works on the job whose turn it is; whether there was one. For the workers' role.
///
/// # Errors
/// If the database does not answer. A turn that it refused is tried again later, a few times.
pub async fn work(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let mut transaction = connection.begin().await?;
    let turn = match pick(&mut transaction).await? {
        Picked::Turn(turn) => turn,
        Picked::StoodBack => {
            transaction.commit().await?;
            return Ok(true);
        }
        Picked::Nobody => return Ok(false),
    };
    match page(&mut transaction, &turn).await {
        Ok(()) => transaction.commit().await?,
        Err(error) => {
            transaction.rollback().await?;
            warn!(%error, job_id = %turn.job_id, "a turn of a job about a person broke off; it will be tried again");
            let mut transaction = connection.begin().await?;
            give_up_turn(&mut transaction, &turn).await?;
            transaction.commit().await?;
        }
    }
    Ok(true)
}

async fn page(connection: &mut PgConnection, turn: &Turn) -> Result<(), StoreError> {
    let person = Person::new(&turn.address);
    let part = turn.part()?;
    let (finds, next) = match part {
        Part::Leads => then(leads::page(connection, turn).await?, Next::Part(Part::History)),
        Part::History => then(history::page(connection, turn, &person).await?, Next::Part(Part::Records)),
        Part::Records => then(records::page(connection, turn, &person).await?, Next::Part(Part::RecordHistory)),
        Part::RecordHistory => then(record_history::page(connection, turn, &person).await?, Next::Part(Part::Mails)),
        Part::Mails => then(mails::page(connection, turn, &person).await?, Next::Part(Part::Executions)),
        Part::Executions => then(executions::page(connection, turn, &person).await?, Next::Part(Part::Events)),
        // After the executions, as one that has not ended may still look for them.
        Part::Events => {
            let last = if turn.erases() { Next::Part(Part::Left) } else { Next::Done };
            then(events::page(connection, turn, &person).await?, last)
        }
        Part::Left => left::page(connection, turn, &person).await?,
    };
    finish(connection, turn, &finds, &next).await
}

fn then(page: Page, last: Next) -> (Finds, Next) {
    let next = page.next.map_or(last, |(reached, item)| Next::Page(reached, item));
    (page.finds, next)
}
