//! Others who take all connections that the database has.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::database::{Door, has_code};

/// SQLSTATE of a server that takes no more connections.
const TOO_MANY_CONNECTIONS: &str = "53300";
/// Pause before another one is tried after a refusal: somebody may have left.
const AGAIN: Duration = Duration::from_millis(20);

/// Connections of others.
#[derive(Default)]
pub(crate) struct Crowd(Vec<PgConnection>);

impl Crowd {
    /// Takes what there is until `until`; whether the database refused one for want of room.
    pub(crate) async fn fill(&mut self, door: &Door, until: Instant) -> bool {
        let mut refused = false;
        while Instant::now() < until {
            match door.enter().await {
                Ok(connection) => self.0.push(connection),
                Err(error) => {
                    refused |= is_refusal(&error);
                    sleep(AGAIN).await;
                }
            }
        }
        refused
    }

    /// Takes what there is until the database refuses one, but not beyond `until`.
    pub(crate) async fn fill_up(&mut self, door: &Door, until: Instant) -> bool {
        while Instant::now() < until {
            match door.enter().await {
                Ok(connection) => self.0.push(connection),
                Err(error) => return is_refusal(&error),
            }
        }
        false
    }
}

fn is_refusal(error: &anyhow::Error) -> bool {
    has_code(error, TOO_MANY_CONNECTIONS)
}
