//! Starts that flow control holds back. Any worker begins those that are due, some at a time, each in one transaction with
//! the end of its waiting: who dies has begun nothing, and nothing begins twice.

use std::sync::Arc;
use std::time::Duration;

use capstan_engine::store::flow::{Drained, drain};
use tokio::sync::Notify;
use tokio::time::sleep;
use tracing::warn;

use crate::worker::Engine;

/// Shortest time between two looks.
const LOOK_EVERY_MIN: Duration = Duration::from_millis(20);
/// Longest time between two looks, so the longest that what is due waits, and what was made pending since is not seen.
const LOOK_EVERY_MAX: Duration = Duration::from_secs(1);

/// Begins what is due, until the worker stops.
pub(crate) async fn starts(engine: Arc<Engine>, waker: Arc<Notify>) {
    let mut pause = Duration::ZERO;
    while engine.stop.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = match engine.side.run(async |connection| drain(connection).await).await {
            Ok(Drained { begun, next_ms }) => {
                if begun > 0 {
                    waker.notify_one();
                }
                next_ms.map_or(LOOK_EVERY_MAX, |ms| Duration::from_millis(ms.max(0).unsigned_abs()))
            }
            Err(error) => {
                warn!(%error, "looking for starts that are due failed; it will be tried again");
                LOOK_EVERY_MAX
            }
        };
        pause = pause.clamp(LOOK_EVERY_MIN, LOOK_EVERY_MAX);
    }
}
