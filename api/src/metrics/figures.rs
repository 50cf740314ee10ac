//! Figures of pooled cells as gauges. Workers take them about each minute; here the last ones are read when somebody asks for metrics,
//! and not more often than every few seconds, however many ask.

use std::time::{Duration, Instant};

use capstan_domain::access;
use capstan_engine::store::health::{Newest, newest};
use metrics::gauge;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::Parts;
use crate::problem::Problem;

/// Shortest time between two reads.
const READ_EVERY: Duration = Duration::from_secs(15);
/// Longest time that reading of all cells may need: whoever scrapes waits for it.
const READ_MAX: Duration = Duration::from_secs(2);
/// Cells that are told of at most, the first by name.
const CELLS_MAX: usize = 64;

/// What this process has read.
#[derive(Default)]
pub(crate) struct Figures(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// When reading was begun last.
    asked_at: Option<Instant>,
    cells: Vec<Read>,
}

/// The figures of one cell.
struct Read {
    schema: String,
    at: Instant,
    /// How old they were then, in seconds.
    age_s: f64,
}

impl Known {
    /// Whether it is time to read; then it is not for a while, whatever comes of it.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.asked_at.is_none_or(|asked_at| now.duration_since(asked_at) >= READ_EVERY);
        if is_due {
            self.asked_at = Some(now);
        }
        is_due
    }

    /// In place of what was read of the cell before.
    fn take(&mut self, read: Read) {
        match self.cells.iter_mut().find(|cell| cell.schema == read.schema) {
            Some(cell) => *cell = read,
            None => self.cells.push(read),
        }
    }
}

/// Brings the gauges up to date. What cannot be read in time stays as it was, and its age tells; who comes while another one reads
/// does not wait.
pub(crate) async fn refresh(api: &Parts) {
    let Ok(mut known) = api.figures.0.try_lock() else { return };
    if known.is_due(Instant::now()) {
        match timeout(READ_MAX, read(api, &mut known)).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, "figures of cells were not read for metrics; the last ones are told");
            }
            Err(_) => tracing::warn!("figures of cells were not read in time for metrics; the last ones are told"),
        }
    }
    for cell in &known.cells {
        let age_s = cell.age_s + cell.at.elapsed().as_secs_f64();
        gauge!("capstan_cell_figures_age_seconds", "cell" => cell.schema.clone()).set(age_s);
    }
}

/// Reads one row of each cell. One that fails stops no other one.
async fn read(api: &Parts, known: &mut Known) -> Result<(), Problem> {
    let mut control = api.people.pool.begin().await?;
    let schemas = access::cell_schemas(&mut control).await?;
    control.commit().await?;
    let mut outcome = Ok(());
    for schema in schemas.into_iter().take(CELLS_MAX) {
        match of_cell(api, &schema).await {
            Ok(Some(figures)) => {
                tell(&schema, &figures);
                known.take(Read { schema, at: Instant::now(), age_s: figures.age_s.max(0.0) });
            }
            Ok(None) => {}
            Err(problem) => outcome = Err(problem),
        }
    }
    outcome
}

async fn of_cell(api: &Parts, schema: &str) -> Result<Option<Newest>, Problem> {
    let cell = api.cells.pooled(schema);
    let mut transaction = cell.pool.begin().await?;
    let figures = newest(&mut transaction).await?;
    transaction.commit().await?;
    Ok(figures)
}

fn tell(schema: &str, figures: &Newest) {
    let cell = || schema.to_owned();
    let nothing = |age: Option<f64>| age.unwrap_or_default();
    gauge!("capstan_cell_workers", "cell" => cell()).set(figures.workers as f64);
    gauge!("capstan_cell_queued", "cell" => cell()).set(figures.queued as f64);
    gauge!("capstan_cell_active", "cell" => cell()).set(figures.active as f64);
    gauge!("capstan_cell_queue_age_seconds", "cell" => cell()).set(nothing(figures.queue_age_s));
    gauge!("capstan_cell_timer_late_seconds", "cell" => cell()).set(nothing(figures.timer_late_s));
    gauge!("capstan_cell_outbox_age_seconds", "cell" => cell()).set(nothing(figures.outbox_age_s));
    gauge!("capstan_cell_oldest_transaction_seconds", "cell" => cell()).set(nothing(figures.oldest_transaction_s));
    let used = figures.connections as f64 / f64::from(figures.connections_max.max(1));
    gauge!("capstan_cell_connections_used_ratio", "cell" => cell()).set(used);
    // Nobody counted them where a worker of an older release took the figures: what was told last stays.
    if let Some(open) = figures.alerts_open {
        gauge!("capstan_cell_alerts_open", "cell" => cell()).set(open as f64);
    }
    if let Some(waiting) = figures.deliveries_waiting {
        gauge!("capstan_cell_webhooks_waiting", "cell" => cell()).set(waiting as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_now_and_then_however_often_somebody_asks() {
        let (mut known, start) = (Known::default(), Instant::now());
        let due: Vec<_> = (0..32).filter(|&s| known.is_due(start + Duration::from_secs(s))).collect();
        assert_eq!(due, [0, 15, 30]);
    }

    #[test]
    fn what_is_read_anew_takes_the_place_of_what_was_read_before() {
        let mut known = Known::default();
        for (schema, age_s) in [("cell_1", 1.0), ("cell_2", 2.0), ("cell_1", 3.0)] {
            known.take(Read { schema: schema.into(), at: Instant::now(), age_s });
        }
        let read: Vec<_> = known.cells.iter().map(|cell| (cell.schema.as_str(), cell.age_s)).collect();
        assert_eq!(read, [("cell_1", 3.0), ("cell_2", 2.0)]);
    }
}
