//! When a delivery is tried again, and when an endpoint counts as broken.

use std::time::Duration;

/// Pauses before the attempts of a delivery, in seconds: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. Together
/// they are the 75 h 35 min 5 s of the specification's example.
pub const PAUSES_S: [u64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// Jitter is added up to this share of a pause, never taken off: an attempt is never earlier than a receiver asked.
const JITTER_MAX: f64 = 0.2;
/// Longest pause that a receiver may ask for with `Retry-After`.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(86_400);
/// Shortest pause after an answer that says that there is too much, and after none in time.
const OVERLOADED_MIN: Duration = Duration::from_secs(60);
/// How long after its event, or after it was sent again by hand, a delivery is given up at the latest.
pub const DEADLINE_HOURS: i32 = 96;
/// Failures in a row after which an endpoint's circuit opens: then single probes go out.
pub const CIRCUIT_FAILURES: i32 = 5;
/// First and longest pause between two probes.
const PROBE_PAUSE_MIN: Duration = Duration::from_secs(60);
const PROBE_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Hours of failures only after which the owner is warned, and after which the endpoint is disabled.
pub const WARN_HOURS: i32 = 60;
/// See [`WARN_HOURS`].
pub const DISABLE_HOURS: i32 = 120;

/// What a failed attempt says about the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The receiver has too much to do, or did not answer in time.
    pub overloaded: bool,
    /// What it said with `Retry-After`.
    pub retry_after: Option<Duration>,
}

/// The pause before the next attempt, after `tried` attempts that failed; nothing once there is none left. `seed` is a
/// number from 0 to 1.
#[must_use]
pub fn pause_after(tried: usize, asked: Asked, seed: f64) -> Option<Duration> {
    let pause = Duration::from_secs(*PAUSES_S.get(tried)?);
    let pause = if asked.overloaded { pause.max(OVERLOADED_MIN) } else { pause };
    let wished = asked.retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
    Some(with_jitter(pause.max(wished), seed))
}

/// The pause before the next probe of an endpoint with that many failures in a row; nothing while its circuit is closed.
#[must_use]
pub fn probe_pause(failures: i32, seed: f64) -> Option<Duration> {
    let beyond = u32::try_from(failures - CIRCUIT_FAILURES).ok()?;
    let pause = PROBE_PAUSE_MIN.saturating_mul(2_u32.saturating_pow(beyond)).min(PROBE_PAUSE_MAX);
    Some(with_jitter(pause, seed))
}

/// How long nothing is sent to an endpoint that asked to be left alone.
#[must_use]
pub fn rest(asked: Asked) -> Option<Duration> {
    asked.retry_after.map(|wished| wished.min(PROBE_PAUSE_MAX))
}

fn with_jitter(pause: Duration, seed: f64) -> Duration {
    pause.mul_f64(1.0 + JITTER_MAX * seed.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Asked = Asked { overloaded: false, retry_after: None };

    fn seconds(tried: usize, asked: Asked, seed: f64) -> Option<u64> {
        pause_after(tried, asked, seed).map(|pause| pause.as_secs())
    }

    #[test]
    fn ten_attempts_take_three_days() {
        let pauses: Vec<u64> = (0..).map_while(|tried| seconds(tried, PLAIN, 0.0)).collect();
        assert_eq!(pauses, PAUSES_S);
        assert_eq!(pauses.iter().sum::<u64>(), 75 * 3_600 + 35 * 60 + 5);
        let longest: Duration = (0..10).filter_map(|tried| pause_after(tried, PLAIN, 1.0)).sum();
        assert!(longest < Duration::from_secs(DEADLINE_HOURS.unsigned_abs().into()) * 3_600);
    }

    #[test]
    fn jitter_never_makes_an_attempt_earlier() {
        assert_eq!(seconds(3, PLAIN, 0.0), Some(1_800));
        assert_eq!(seconds(3, PLAIN, 1.0), Some(2_160));
        assert_eq!(seconds(3, PLAIN, f64::INFINITY), Some(2_160));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_less() {
        let asked = |seconds| Asked { overloaded: true, retry_after: Some(Duration::from_secs(seconds)) };
        assert_eq!(seconds(1, Asked { overloaded: true, retry_after: None }, 0.0), Some(60));
        assert_eq!(seconds(1, asked(90), 0.0), Some(90));
        assert_eq!(seconds(3, asked(90), 0.0), Some(1_800));
        assert_eq!(seconds(1, asked(u64::MAX), 0.0), Some(86_400));
        assert_eq!(seconds(10, asked(90), 0.0), None);
        assert_eq!(rest(asked(u64::MAX)), Some(PROBE_PAUSE_MAX));
    }

    #[test]
    fn probes_of_a_broken_endpoint_become_rarer() {
        let pauses: Vec<_> = [0, 4, 5, 6, 8, 9, i32::MAX].map(|failures| probe_pause(failures, 0.0)).to_vec();
        let expected = [None, None, Some(60), Some(120), Some(480), Some(900), Some(900)];
        assert_eq!(pauses, expected.map(|pause| pause.map(Duration::from_secs)));
    }
}
