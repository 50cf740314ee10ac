//! When a failed attempt is repeated.

use std::time::Duration;

use thiserror::Error;

use super::policy::RetryPolicy;

/// No further attempt follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no further attempt follows")]
pub struct Exhausted;

/// Longest delay that the other side may ask for; longer wishes are cut to this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// Delay after failed attempt `n` (from 1) of class `class`.
///
/// `delay_ms`, then each time `factor` times more, capped at `delay_ms_max`, with `jitter` drawn from `seed`.
/// A wish of the other side is the lower bound. [`Exhausted`] once `n` reaches `attempts_max`, or when the
/// policy names classes and this is none of them. Waiting does not raise `n`; only attempts do.
pub fn retry_delay(
    policy: &RetryPolicy,
    n: u32,
    class: &str,
    after: Option<Duration>,
    seed: u64,
) -> Result<Duration, Exhausted> {
    let excluded = !policy.classes.is_empty() && !policy.classes.iter().any(|known| known == class);
    if n >= policy.attempts_max || excluded {
        return Err(Exhausted);
    }
    let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = policy.delay_ms as f64 * policy.factor.powi(exponent);
    let capped = grown.min(policy.delay_ms_max as f64);
    let jittered = (capped * (1.0 + policy.jitter * spread(seed, n))).min(policy.delay_ms_max as f64);
    let wish = after.unwrap_or_default().min(RETRY_AFTER_MAX);
    Ok(Duration::from_millis(jittered.max(0.0) as u64).max(wish))
}

/// A number in -1.0..1.0 that depends on `seed` and `n` alone (the finaliser of `SplitMix64`).
fn spread(seed: u64, n: u32) -> f64 {
    let mut bits = seed.wrapping_add(u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy { attempts_max: 5, jitter: 0.0, delay_ms_max: 5_000, ..RetryPolicy::default() }
    }

    #[test]
    fn delays_double_up_to_the_cap_and_then_end() {
        let delays: Vec<_> = (1..=5).map(|n| retry_delay(&policy(), n, "timeout", None, 7)).collect();
        let ms = |ms| Ok(Duration::from_millis(ms));
        assert_eq!(delays, [ms(1_000), ms(2_000), ms(4_000), ms(5_000), Err(Exhausted)]);
    }

    #[test]
    fn jitter_stays_within_its_share_and_depends_on_the_seed() {
        let policy = RetryPolicy { jitter: 0.2, ..policy() };
        let delays: Vec<_> = (0..200)
            .map(|seed| retry_delay(&policy, 1, "timeout", None, seed).expect("one more").as_millis())
            .collect();
        assert!(delays.iter().all(|ms| (800..=1_200).contains(ms)), "{delays:?}");
        assert!(delays.iter().min() < delays.iter().max());
    }

    #[test]
    fn the_other_side_may_ask_for_longer_but_not_for_ever() {
        let delay = |secs| retry_delay(&policy(), 1, "http_429", Some(Duration::from_secs(secs)), 0);
        assert_eq!(delay(30), Ok(Duration::from_secs(30)));
        assert_eq!(delay(999_999), Ok(RETRY_AFTER_MAX));
        assert_eq!(delay(0), Ok(Duration::from_secs(1)));
    }

    #[test]
    fn only_the_named_classes_are_repeated() {
        let policy = RetryPolicy { classes: vec!["http_5xx".into()], ..policy() };
        assert!(retry_delay(&policy, 1, "http_5xx", None, 0).is_ok());
        assert_eq!(retry_delay(&policy, 1, "timeout", None, 0), Err(Exhausted));
    }
}
