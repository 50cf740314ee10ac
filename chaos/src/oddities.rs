//! What workers did that nobody had told them to, and what their peers did not do.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;

/// How poison ends a worker: it aborts, overruns its stack, or is killed by the system for want of memory.
const POISON: [Signal; 3] = [Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGKILL];

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A worker ended by itself.
    Ended {
        /// The name under which the database knew it.
        worker: String,
        /// Its exit status.
        how: String,
    },
    /// The same while there was poison, in a way in which poison ends workers.
    Poisoned,
    /// A worker was silent, and nobody gave it up.
    NotGivenUp {
        /// Its number.
        worker_no: i32,
        /// For how long, outages left out.
        silent: Duration,
        /// What was to be seen meanwhile, a line each.
        seen: Vec<String>,
    },
    /// Something was still under way when the time for it to end was over.
    NotHealed {
        /// The round after which that was.
        round: &'static str,
    },
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oddities {
    all: Arc<Mutex<Vec<Oddity>>>,
    /// Names of those that a signal has ended.
    dead: Arc<Mutex<Vec<String>>>,
    outbreaks: Arc<AtomicUsize>,
}

/// While this is there, workers may die of poison.
pub(crate) struct Outbreak(Arc<AtomicUsize>);

impl Oddities {
    /// Takes note of a worker that has ended and was not told to.
    pub(crate) fn ended(&self, worker: &str, status: ExitStatus) {
        if status.signal().is_some() {
            self.dead.lock().unwrap_or_else(PoisonError::into_inner).push(worker.to_owned());
        }
        let by_poison = self.is_outbreak() && POISON.iter().any(|&way| status.signal() == Some(way as i32));
        self.add(match by_poison {
            true => Oddity::Poisoned,
            false => Oddity::Ended { worker: worker.to_owned(), how: status.to_string() },
        });
    }

    /// The same for one that may end, but not by a signal: it was told to, or could not start.
    pub(crate) fn may_end(&self, worker: &str, status: ExitStatus) {
        if status.signal().is_some() {
            self.ended(worker, status);
        }
    }

    pub(crate) fn not_given_up(&self, worker_no: i32, silent: Duration, seen: Vec<String>) {
        self.add(Oddity::NotGivenUp { worker_no, silent, seen });
    }

    pub(crate) fn not_healed(&self, round: &'static str) {
        self.add(Oddity::NotHealed { round });
    }

    /// From now on there is poison.
    pub(crate) fn break_out(&self) -> Outbreak {
        self.outbreaks.fetch_add(1, Ordering::SeqCst);
        Outbreak(Arc::clone(&self.outbreaks))
    }

    pub(crate) fn is_outbreak(&self) -> bool {
        self.outbreaks.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn all(&self) -> Vec<Oddity> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who died by a signal that nobody had sent, by name.
    pub(crate) fn dead(&self) -> Vec<String> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, oddity: Oddity) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(oddity);
    }
}

impl Drop for Outbreak {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(signal: Signal) -> ExitStatus {
        ExitStatus::from_raw(signal as i32)
    }

    fn ended(how: &str) -> Oddity {
        Oddity::Ended { worker: "pid-1".into(), how: how.into() }
    }

    #[test]
    fn only_what_poison_does_is_put_down_to_it_and_only_while_there_is_some() {
        let oddities = Oddities::default();
        let outbreak = oddities.break_out();
        oddities.ended("pid-1", by(Signal::SIGABRT));
        oddities.ended("pid-1", ExitStatus::from_raw(101 << 8));
        oddities.ended("pid-1", by(Signal::SIGTERM));
        drop(outbreak);
        oddities.ended("pid-1", by(Signal::SIGKILL));
        let rest = ["exit status: 101", "signal: 15 (SIGTERM)", "signal: 9 (SIGKILL)"];
        assert_eq!(oddities.all()[0], Oddity::Poisoned);
        assert_eq!(oddities.all()[1..], rest.map(ended));
    }

    #[test]
    fn who_was_told_to_end_may_do_so_but_not_crash() {
        let oddities = Oddities::default();
        oddities.may_end("pid-1", ExitStatus::from_raw(1 << 8));
        oddities.may_end("pid-1", by(Signal::SIGSEGV));
        assert_eq!(oddities.all(), [ended("signal: 11 (SIGSEGV)")]);
        assert_eq!(oddities.dead(), ["pid-1"]);
    }
}
