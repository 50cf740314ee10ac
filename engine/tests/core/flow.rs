//! The arithmetic of flow control, over random arrivals.

use capstan_engine::core::flow::{Batched, Rate, batched, debounced};
use proptest::prelude::*;

fn rates() -> impl Strategy<Value = Rate> {
    (1_u32..50, 1_u64..10_000, 1_u32..20).prop_map(|(limit, per_ms, burst)| Rate { limit, per_ms, burst, key: None })
}

/// Arrivals in order, in microseconds.
fn arrivals() -> impl Strategy<Value = Vec<i64>> {
    let gaps = prop::collection::vec(prop_oneof![Just(0_i64), 0_i64..2_000, 0_i64..5_000_000], 1..200);
    gaps.prop_map(|gaps| {
        gaps.into_iter()
            .scan(0, |now, gap| {
                *now += gap;
                Some(*now)
            })
            .collect()
    })
}

/// Every window that begins with a start sees at most the limit and the burst.
fn is_kept(rate: &Rate, starts: &[i64]) -> bool {
    let span = i64::try_from(rate.per_ms * 1_000).unwrap();
    let most = usize::try_from(rate.limit + rate.burst).unwrap();
    starts.iter().enumerate().all(|(n, from)| starts[n..].iter().take_while(|at| **at < from + span).count() <= most)
}

proptest! {
    #[test]
    fn a_rate_limit_never_lets_in_more_than_limit_and_burst_in_any_window(rate in rates(), arrivals in arrivals()) {
        let (mut next, mut started) = (None, Vec::new());
        for now in arrivals {
            let told = rate.admit(next, now);
            if told.start_us == now {
                next = Some(told.next_us);
                started.push(now);
            } else {
                // Who comes when it was told is let in, if nobody came between.
                prop_assert_eq!(rate.admit(next, told.start_us).start_us, told.start_us);
            }
        }
        prop_assert!(is_kept(&rate, &started), "{rate:?} {started:?}");
    }

    #[test]
    fn a_throttle_begins_all_in_order_and_never_more_than_limit_and_burst_in_any_window(
        rate in rates(), arrivals in arrivals(),
    ) {
        let (mut next, mut slots) = (None, Vec::new());
        for now in &arrivals {
            let told = rate.admit(next, *now);
            prop_assert!(told.start_us >= *now);
            next = Some(told.next_us);
            slots.push(told.start_us);
        }
        prop_assert!(slots.is_sorted());
        prop_assert!(is_kept(&rate, &slots), "{rate:?} {slots:?}");
    }

    #[test]
    fn after_silence_a_whole_burst_is_let_in(rate in rates(), now in 0_i64..1_000_000) {
        let mut next = Some(now);
        for _ in 0..rate.burst {
            let told = rate.admit(next, now);
            prop_assert_eq!(told.start_us, now);
            next = Some(told.next_us);
        }
        prop_assert!(rate.admit(next, now).start_us > now);
    }

    #[test]
    fn a_debounced_start_waits_for_silence_and_never_longer_than_the_longest_wait(
        period_ms in 1_u64..1_000, more in 0_u64..5_000, gaps in prop::collection::vec(0_i64..1_500, 1..50),
    ) {
        let wait_ms = period_ms + more;
        let (mut now, mut due) = (0, debounced(0, 0, period_ms, wait_ms));
        for gap in gaps {
            now += gap;
            if now >= due {
                break;
            }
            let next = debounced(0, now, period_ms, wait_ms);
            prop_assert!(next >= due && next > now);
            due = next;
        }
        prop_assert!(due <= i64::try_from(wait_ms).unwrap());
    }

    #[test]
    fn a_batch_is_never_larger_than_it_may_be(
        size in 2_u32..20, bytes_max in 100_usize..1_000, inputs in prop::collection::vec(1_usize..100, 1..200),
    ) {
        let (mut gathered, mut bytes) = (0, 0);
        for input in inputs {
            match batched(gathered, bytes, input, size, bytes_max) {
                Batched::Joins => (gathered, bytes) = (gathered + 1, bytes + input),
                Batched::Fills => {
                    prop_assert!(gathered + 1 == size && bytes + input <= bytes_max);
                    (gathered, bytes) = (0, 0);
                }
                Batched::Overflows => (gathered, bytes) = (1, input),
            }
            prop_assert!(gathered < size && bytes <= bytes_max);
        }
    }
}
