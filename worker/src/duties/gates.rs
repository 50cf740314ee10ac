//! Limits and lines: which limits there are, and the sweep through those that wait. Hints only save time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};

use crate::worker::Engine;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks each second, until the worker stops.
pub(crate) async fn gates(engine: Arc<Engine>) {
    let (mut ticks, mut after) = (interval(LOOK_EVERY), None);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while engine.stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = engine.gates.refresh(&engine.side).await {
            debug!(%error, "the limits could not be read; those of before hold");
        }
        match engine.gates.sweep(&engine.side, after.take()).await {
            Ok(swept) => {
                metrics::gauge!("capstan_gate_lines").set(swept.lines as f64);
                if swept.cleared > 0 {
                    debug!(slots = swept.cleared, "took slots back that were left behind");
                }
                if swept.admitted > 0 {
                    engine.waker.notify_one();
                }
                after = swept.after;
            }
            Err(error) => warn!(%error, "the lines at the gates could not be swept; trying again"),
        }
    }
}
