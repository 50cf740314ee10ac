//! Limits and lines: which limits there are, and the sweep through those that wait, with each agenda while there are any.
//! Hints only save time.

use std::sync::Arc;

use capstan_engine::store::workers::Agenda;
use tracing::{debug, warn};

use crate::worker::Engine;

/// Looks until the worker stops.
pub(crate) async fn gates(engine: Arc<Engine>) {
    let (mut agenda, mut after) = (engine.agenda.reader(), None);
    let work = |agenda: &Agenda| {
        if !agenda.lines {
            metrics::gauge!("capstan_gate_lines").set(0.0);
        }
        agenda.limits || agenda.lines
    };
    while engine.stop.run_until_cancelled(agenda.until(work)).await.is_some() {
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
