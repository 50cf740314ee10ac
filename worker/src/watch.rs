//! Who is lost: silence that this process has watched itself, over one unbroken connection.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use capstan_engine::store::workers::Peer;
use chrono::{DateTime, Utc};

/// Silence after which a worker counts as lost.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(7);
/// The same once its session lock is gone, which tells of a killed process.
pub(crate) const SILENCE_MAX_DISCONNECTED: Duration = Duration::from_millis(800);

/// What one unbroken connection has seen of the other workers. A new connection begins a new watch.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Database time at which it began.
    began: DateTime<Utc>,
    seen: HashMap<i32, Seen>,
}

#[derive(Debug)]
struct Seen {
    beat: DateTime<Utc>,
    since: Instant,
    /// Whether its session lock was held during this watch: only then can it be gone.
    connected: bool,
    disconnected_since: Option<Instant>,
}

impl Watch {
    /// A watch that begins at a time of the database.
    pub(crate) fn new(began: DateTime<Utc>) -> Self {
        Self { began, seen: HashMap::new() }
    }

    /// Whether some worker may be found lost soon, so that the next look should come soon.
    pub(crate) fn doubts(&self) -> bool {
        self.seen.values().any(|seen| seen.disconnected_since.is_some())
    }

    /// Takes one look at the fleet and names the workers that are lost by now.
    ///
    /// The answer tells how things stood at some time since `asked`, and may have waited since then in a process that was
    /// frozen: so silence lasts until `asked`, and begins when a beat was heard of.
    pub(crate) fn look(&mut self, peers: &[Peer], asked: Instant, heard: Instant) -> Vec<i32> {
        self.seen.retain(|worker_no, _| peers.iter().any(|peer| peer.worker_no == *worker_no));
        peers.iter().filter(|peer| self.is_lost(peer, asked, heard)).map(|peer| peer.worker_no).collect()
    }

    fn is_lost(&mut self, peer: &Peer, asked: Instant, heard: Instant) -> bool {
        let seen = self.seen.entry(peer.worker_no).or_insert_with(|| Seen {
            beat: peer.beat,
            since: heard,
            connected: false,
            disconnected_since: None,
        });
        if seen.beat != peer.beat {
            seen.beat = peer.beat;
            seen.since = heard;
        }
        // It beats on the connection that holds the lock.
        seen.connected |= peer.connected || peer.beat > self.began;
        seen.disconnected_since = match peer.connected {
            true => None,
            false => seen.disconnected_since.or(seen.connected.then_some(heard)),
        };
        // Zero where it was heard of only now.
        let silence = asked.duration_since(seen.since);
        let apart = seen.disconnected_since.map(|since| asked.duration_since(since));
        silence >= SILENCE_MAX
            || (silence >= SILENCE_MAX_DISCONNECTED && apart.is_some_and(|apart| apart >= SILENCE_MAX_DISCONNECTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(beat_s: i64, connected: bool) -> Peer {
        let beat = DateTime::from_timestamp(1_700_000_000 + beat_s, 0).unwrap_or_default();
        Peer { worker_no: 7, beat, connected }
    }

    /// Looks once for each `(at, beat, connected)` and tells at which of them worker 7 was lost.
    fn lost_at(looks: &[(u64, i64, bool)]) -> Vec<u64> {
        let began = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let (mut watch, start) = (Watch::new(began), Instant::now());
        let lost = |&&(at, beat, connected): &&(u64, i64, bool)| {
            let at = start + Duration::from_millis(at);
            !watch.look(&[peer(beat, connected)], at, at).is_empty()
        };
        looks.iter().filter(lost).map(|look| look.0).collect()
    }

    #[test]
    fn a_beating_worker_is_never_lost() {
        assert_eq!(lost_at(&[(0, 0, true), (6_900, 1, true), (13_800, 2, true), (20_700, 3, false)]), [0_u64; 0]);
    }

    #[test]
    fn silence_of_seven_seconds_is_a_loss() {
        assert_eq!(lost_at(&[(0, 0, true), (6_900, 0, true), (7_000, 0, true)]), [7_000]);
    }

    #[test]
    fn a_silent_worker_without_its_lock_is_lost_sooner() {
        let looks = [(0, 0, true), (500, 0, false), (1_200, 0, false), (1_300, 0, false)];
        assert_eq!(lost_at(&looks), [1_300]);
    }

    #[test]
    fn a_worker_that_has_beaten_during_the_watch_was_connected() {
        assert_eq!(lost_at(&[(0, 1, false), (700, 1, false), (800, 1, false)]), [800]);
    }

    #[test]
    fn a_worker_that_was_never_seen_connected_gets_the_longer_time() {
        assert_eq!(lost_at(&[(0, 0, false), (6_900, 0, false), (7_000, 0, false)]), [7_000]);
    }

    #[test]
    fn a_worker_that_reconnects_in_time_is_kept() {
        assert_eq!(
            lost_at(&[(0, 0, true), (500, 0, false), (1_000, 0, true), (2_000, 0, false), (2_700, 0, false)]),
            [0_u64; 0]
        );
    }

    #[test]
    fn an_answer_that_waited_in_a_frozen_process_makes_nobody_lost() {
        let began = DateTime::from_timestamp(1_700_000_000, 0).unwrap_or_default();
        let (mut watch, start) = (Watch::new(began), Instant::now());
        let mut look = |asked_ms: u64, heard_ms: u64, beat_s, connected| {
            let [asked, heard] = [asked_ms, heard_ms].map(|ms| start + Duration::from_millis(ms));
            watch.look(&[peer(beat_s, connected)], asked, heard)
        };
        assert!(look(0, 1, 0, true).is_empty());
        // Asked before it was frozen, read nine seconds later: how things are now it does not tell.
        assert!(look(550, 9_550, 0, true).is_empty());
        assert!(look(9_551, 9_552, 8, true).is_empty());
        assert!(look(10_100, 19_000, 8, false).is_empty());
        assert!(look(19_100, 19_101, 17, true).is_empty());
    }

    #[test]
    fn an_old_beat_counts_only_from_the_first_look() {
        assert_eq!(lost_at(&[(0, -3_600, true)]), [0_u64; 0]);
    }
}
