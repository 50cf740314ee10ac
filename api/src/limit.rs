//! How long a request may take until the head of its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The limit of one request; its handler may move it, where waiting is what was asked for.
#[derive(Clone)]
pub(crate) struct Limit(Arc<Mutex<Instant>>);

impl Limit {
    /// From now on.
    pub(crate) fn new(span: Duration) -> Self {
        Self(Arc::new(Mutex::new(Instant::now() + span)))
    }

    /// As much later.
    pub(crate) fn extend(&self, span: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += span;
    }

    /// What `work` comes to; nothing if that takes longer.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            let until = self.until();
            tokio::select! {
                done = &mut work => return Some(done),
                () = sleep_until(until) => if self.until() == until {
                    return None;
                },
            }
        }
    }

    fn until(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limit_ends_what_takes_longer_and_can_be_moved_meanwhile() {
        let limit = Limit::new(Duration::from_secs(30));
        let begun = Instant::now();
        assert_eq!(limit.run(async { 1 }).await, Some(1));
        limit.run(pending::<()>()).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
        let limit = Limit::new(Duration::from_secs(30));
        let begun = Instant::now();
        let waiting = async {
            limit.extend(Duration::from_secs(60));
            pending::<()>().await;
        };
        assert_eq!(limit.run(waiting).await, None);
        assert_eq!(begun.elapsed().as_secs(), 90);
    }
}
