//! What there is to do on the side: it comes with a look between two beats, and whoever has a duty waits for its part of it.
//!
//! So an idle worker asks the database nothing but its beats, looks and claims. What is done meanwhile may show as still to be
//! done, and costs a look; what comes up is seen with the next agenda.

use std::time::Duration;

use capstan_engine::store::workers::Agenda;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Passes each agenda on.
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
        let (mut due_at, mut may_be_old) = (in_ms(known), true);
        sleep(pause_min).await;
        loop {
            let due = async {
                match due_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => return,
                agenda = self.next() => {
                    let told = in_ms(of(&agenda));
                    // The first may be older than what the caller knows.
                    due_at = if may_be_old { due_at.into_iter().chain(told).min() } else { told };
                    may_be_old = false;
                }
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

/// At once where it is past.
fn in_ms(ms: Option<i64>) -> Option<Instant> {
    ms.map(|ms| Instant::now() + Duration::from_millis(u64::try_from(ms).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, poll};

    use super::*;

    #[tokio::test]
    async fn what_has_nothing_to_do_is_passed_over() {
        let desk = Desk::default();
        let mut reader = desk.reader();
        desk.put(Agenda { limits: true, ..Agenda::default() });
        assert!(reader.until(|agenda| agenda.jobs).now_or_never().is_none());
        desk.put(Agenda { jobs: true, ..Agenda::default() });
        reader.until(|agenda| agenda.jobs).await;
        assert!(reader.until(|agenda| agenda.jobs).now_or_never().is_none(), "an agenda is read once");
    }

    #[tokio::test]
    async fn a_later_agenda_knows_better_when_something_is_due() {
        let desk = Desk::default();
        let mut reader = desk.reader();
        let in_a_year = Some(365 * 86_400_000);
        let mut due = Box::pin(reader.until_due(in_a_year, Duration::ZERO, |agenda| agenda.starts_ms));
        assert!(poll!(&mut due).is_pending());
        desk.put(Agenda { starts_ms: Some(-5), ..Agenda::default() });
        due.await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_agenda_from_before_the_callers_look_puts_nothing_off() {
        let desk = Desk::default();
        let mut reader = desk.reader();
        desk.put(Agenda::default());
        let begun = Instant::now();
        reader.until_due(Some(30), Duration::ZERO, |agenda| agenda.starts_ms).await;
        assert_eq!(begun.elapsed(), Duration::from_millis(30));
    }

    #[tokio::test(start_paused = true)]
    async fn later_agendas_may_put_it_off() {
        let desk = Desk::default();
        let mut reader = desk.reader();
        let begun = Instant::now();
        let due = reader.until_due(Some(30), Duration::ZERO, |agenda| agenda.starts_ms);
        let put = async {
            for starts_ms in [10, 50] {
                desk.put(Agenda { starts_ms: Some(starts_ms), ..Agenda::default() });
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::join!(due, put);
        assert_eq!(begun.elapsed(), Duration::from_millis(51));
    }
}
