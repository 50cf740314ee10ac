//! Starts that flow control holds back. Any worker begins those that are due, some at a time, each in one transaction with
//! the end of its waiting: who dies has begun nothing, and nothing begins twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::flow::{Drained, drain};
use capstan_engine::store::workers::Agenda;
use tokio::sync::Notify;
use tracing::warn;

use crate::worker::Engine;

/// Shortest time between two looks.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(20);
/// Time until the next look after one that failed, in milliseconds.
const AGAIN_MS: i64 = 1_000;

/// Begins what is due, until the worker stops.
pub(crate) async fn starts(engine: Arc<Engine>, waker: Arc<Notify>) {
    let (mut agenda, mut next_ms) = (engine.agenda.reader(), Some(0));
    let due = |agenda: &Agenda| agenda.starts_ms;
    while engine.stop.run_until_cancelled(agenda.until_due(next_ms, LOOK_EVERY_MIN, due)).await.is_some() {
        next_ms = match engine.side.run(async |connection| drain(connection).await).await {
            Ok(Drained { begun, next_ms }) => {
                if begun > 0 {
                    waker.notify_one();
                }
                next_ms
            }
            Err(error) => {
                warn!(%error, "looking for starts that are due failed; it will be tried again");
                Some(AGAIN_MS)
            }
        };
    }
}
