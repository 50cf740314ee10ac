//! Put off: a step whose attempt found Capstan's own database away runs again after a while. Nothing is journaled of it, and
//! nothing counts.
//!
//! At first its execution stays here; where the database does not come back soon it waits without a worker, as it does for a
//! time. What must not be repeated has its start journaled: that it was not made is journaled, too, before anybody else may
//! take it over, as a wait.

use std::collections::HashMap;
use std::time::Duration;

use capstan_engine::core::outcome::{Outcome, Until};
use capstan_engine::core::state::StepIx;
use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, warn};

use super::drive::Drive;

/// Pause before a step is tried again; twice as long after each further time, up to the longest. A half of it is drawn.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// With so much of its pause before it, an execution that has nothing else to do gives up its slot.
const STAY_MAX: TimeDelta = TimeDelta::seconds(3);

/// Steps that are put off, by how often in a row, and until when.
#[derive(Debug, Default)]
pub(super) struct PutOff(HashMap<StepIx, Again>);

#[derive(Debug)]
struct Again {
    times: u32,
    until: DateTime<Utc>,
}

impl PutOff {
    /// Until when a step is put off, if it is, or was when it ran last.
    pub(super) fn until(&self, step: StepIx) -> Option<DateTime<Utc>> {
        Some(self.0.get(&step)?.until)
    }

    /// It is not, from now on.
    pub(super) fn forget(&mut self, step: StepIx) {
        self.0.remove(&step);
    }
}

impl Drive<'_> {
    /// Puts a step off whose attempt could not be made.
    pub(super) fn put_off(&mut self, step: StepIx, reason: &str) {
        if !self.state.step(step).is_active() {
            return;
        }
        let times = self.put_off.0.get(&step).map_or(1, |again| again.times.saturating_add(1));
        let pause = pause(times, rand::random());
        metrics::counter!("capstan_attempts_put_off_total").increment(1);
        let (execution_id, key) = (self.claimed.execution_id, self.key(step));
        let trace_id = self.claimed.trace().trace_id();
        if times == 1 {
            warn!(%execution_id, trace_id, step = %key, reason, "the database did not answer a step; it is tried again until it does");
        } else {
            debug!(%execution_id, trace_id, step = %key, reason, times, "the database still does not answer a step");
        }
        let until = self.life.clock.now() + TimeDelta::from_std(pause).unwrap_or_default();
        self.put_off.0.insert(step, Again { times, until });
    }

    /// Whether a step has to wait until the database is asked again.
    pub(super) fn is_put_off(&self, step: StepIx, now: DateTime<Utc>) -> bool {
        self.put_off.until(step).is_some_and(|until| until > now)
    }

    /// Whether it goes on here in a moment, with what is put off.
    pub(super) fn stays(&self, now: DateTime<Utc>) -> bool {
        !self.is_to_let_go() && self.waiting_put_off().any(|(_, until)| until - now < STAY_MAX)
    }

    /// Journals of what must not be repeated that it was not made, where others may take it over before it is: then it is a
    /// start of which nobody knows what came of it no more. Whether there was any.
    pub(super) fn take_back(&mut self, is_idle: bool, now: DateTime<Utc>) -> bool {
        if !self.is_to_let_go() && (!is_idle || self.stays(now)) {
            return false;
        }
        self.take_back_told_of()
    }

    /// The same at once.
    pub(super) fn take_back_told_of(&mut self) -> bool {
        let announced = self.waiting_put_off().filter(|(step, _)| self.announced.contains(step));
        let announced: Vec<_> = announced.collect();
        for &(step, until) in &announced {
            self.conclude(step, Outcome::Wait(Until { time: Some(until), signal: None, child: None }));
        }
        !announced.is_empty()
    }

    /// Whether nothing more begins here, or for now.
    fn is_to_let_go(&self) -> bool {
        self.engine.stop.is_cancelled() || self.is_held || self.state.is_paused()
    }

    fn waiting_put_off(&self) -> impl Iterator<Item = (StepIx, DateTime<Utc>)> {
        let all = self.put_off.0.iter().map(|(&step, again)| (step, again.until));
        all.filter(|(step, _)| self.state.step(*step).is_active() && !self.running.contains_key(step))
    }
}

/// The pause after so many times in a row; `draw` is from 0 to 1.
fn pause(times: u32, draw: f64) -> Duration {
    let grown = PAUSE.saturating_mul(1 << times.saturating_sub(1).min(16)).min(PAUSE_MAX);
    grown.mul_f64(1.0 - draw.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_a_half_of_each_is_drawn() {
        let of = |draw: f64| [1, 2, 3, 6, 7, u32::MAX].map(|times| pause(times, draw).as_millis());
        assert_eq!(of(0.0), [250, 500, 1_000, 8_000, 10_000, 10_000]);
        assert_eq!(of(1.0), [125, 250, 500, 4_000, 5_000, 5_000]);
    }

    #[test]
    fn who_has_waited_long_gives_up_its_slot() {
        let stay = STAY_MAX.to_std().unwrap_or_default();
        assert!(pause(1, 0.0) < stay && pause(u32::MAX, 1.0) > stay);
    }
}
