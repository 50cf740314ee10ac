//! Who wants to hear of beginnings and steps is read when that has changed.

use std::sync::Arc;

use tracing::warn;

use crate::worker::Engine;

/// Looks when it has changed, until the worker stops.
pub(crate) async fn facts(engine: Arc<Engine>) {
    let mut agenda = engine.agenda.reader();
    while engine.stop.run_until_cancelled(agenda.until(|agenda| !engine.facts.is_of(agenda.facts_no))).await.is_some() {
        if let Err(error) = engine.facts.refresh(&engine.side).await {
            warn!(%error, "who wants to hear of steps could not be read; what was known holds");
        }
    }
}
