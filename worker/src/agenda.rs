//! What there is to do on the side: it comes with each beat, and whoever has a duty waits for its part of it.
//!
//! So an idle worker asks the database nothing but its beats and claims. What is done meanwhile may show as still to be done,
//! and costs a look; what comes up is seen with the next beat.

use std::time::Duration;

use capstan_engine::store::workers::Agenda;
use tokio::sync::watch;
use tokio::time::sleep;

/// Passes the agenda of each beat on.
#[derive(Default)]
pub(crate) struct Desk {
    latest: watch::Sender<Agenda>,
}

impl Desk {
    pub(crate) fn put(&self, agenda: Agenda) {
        self.latest.send_replace(agenda);
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader { latest: self.latest.subscribe() }
    }
}

/// One duty's view.
pub(crate) struct Reader {
    latest: watch::Receiver<Agenda>,
}

impl Reader {
    /// Returns with the next agenda that has something to do, however long that takes.
    pub(crate) async fn until(&mut self, has: impl Fn(&Agenda) -> bool) {
        while !has(&self.next().await) {}
    }

    /// Returns when something is due: in so many milliseconds as the caller knows, or as later agendas know better. Not before
    /// the shortest of pauses.
    pub(crate) async fn until_due(
        &mut self,
        known: Option<i64>,
        pause_min: Duration,
        of: impl Fn(&Agenda) -> Option<i64>,
    ) {
        let mut due_ms = known;
        sleep(pause_min).await;
        loop {
            let due = async {
                match due_ms {
                    Some(ms) => {
                        sleep(Duration::from_millis(u64::try_from(ms).unwrap_or(0)).saturating_sub(pause_min)).await
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => return,
                agenda = self.next() => due_ms = of(&agenda),
            }
        }
    }

    async fn next(&mut self) -> Agenda {
        match self.latest.changed().await {
            Ok(()) => self.latest.borrow_and_update().clone(),
            // The desk goes with the process.
            Err(_) => std::future::pending().await,
        }
    }
}
