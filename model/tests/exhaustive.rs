//! Every behaviour of the protocol, within bounds; and what becomes of it without its parts.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use capstan_model::part::{Part, Parts};
use capstan_model::properties::{NEEDED_FOR, NO_LOST_WAKE_UP, NO_ORPHAN};
use capstan_model::protocol::{Late, Network, Protocol, Wait};
use stateright::{Checker, HasDiscoveries, Model};

/// Looks at all states and answers how many there are; every property has to hold.
fn check(protocol: Protocol) -> usize {
    let checker = protocol.checker().threads(2).spawn_bfs().join();
    checker.assert_properties();
    println!(
        "{} states, {} transitions, depth {}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth()
    );
    checker.unique_state_count()
}

/// Looks for a state without the property, and answers how many steps it takes to get there.
fn counterexample(protocol: Protocol, property: &'static str) -> usize {
    let wanted = HasDiscoveries::AllOf(BTreeSet::from([property]));
    let checker = protocol.checker().threads(2).finish_when(wanted).spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("\"{property}\" holds"));
    println!("not \"{property}\": {path}");
    path.into_actions().len()
}

#[test]
fn three_workers_and_two_executions_keep_every_promise() {
    let states = check(Protocol::default());
    assert!(states > 2_000_000, "only {states} states");
}

#[test]
fn so_do_executions_of_a_concurrency_key() {
    let states = check(Protocol { limit: Some(1), ..Protocol::default() });
    assert!(states > 100_000, "only {states} states");
}

#[test]
fn so_does_one_that_waits_for_a_time_beside_one_that_waits_for_a_signal() {
    let states = check(Protocol { waits: [Wait::Signal, Wait::Time], ..Protocol::default() });
    assert!(states > 500_000, "only {states} states");
}

#[test]
fn one_execution_stands_any_mix_of_six_faults() {
    let states = check(Protocol { executions: 1, faults_max: 6, ..Protocol::default() });
    assert!(states > 300_000, "only {states} states");
}

#[test]
fn one_execution_that_needs_two_signals_stands_three_faults() {
    let states = check(Protocol { executions: 1, signals_each: 2, faults_max: 3, ..Protocol::default() });
    assert!(states > 300_000, "only {states} states");
}

#[test]
fn without_any_of_its_parts_the_protocol_breaks_its_promises() {
    for (part, properties) in NEEDED_FOR {
        for property in properties {
            let steps = counterexample(
                Protocol { executions: 1, parts: Parts::without(part), ..Protocol::default() },
                property,
            );
            assert!(steps > 2, "{part:?} is missed after {steps} steps");
        }
    }
    for part in [Part::Fence, Part::LeaseCheck, Part::Woken] {
        assert!(NEEDED_FOR.iter().any(|(needed, _)| *needed == part));
    }
}

#[test]
fn an_incident_does_not_swallow_a_wake_up_that_has_met_its_lease() {
    let states = check(Protocol { executions: 1, incidents: true, ..Protocol::default() });
    assert!(states > 10_000, "only {states} states");
}

/// Requests that arrive after their worker has given them up.
mod late {
    use super::*;

    /// Nothing comes of it, for the session is ended first; without that, `property` breaks.
    fn does_harm_only_in_a_living_session(kind: Late, signals_each: usize, property: &'static str) {
        let late = Protocol { executions: 1, signals_each, network: Network::Late(kind), ..Protocol::default() };
        let states = check(late.clone());
        assert!(states > 10_000, "only {states} states");
        counterexample(Protocol { parts: Parts::without(Part::EndSession), ..late }, property);
    }

    #[test]
    fn a_park_that_arrives_after_its_repetition_loses_no_wake_up() {
        does_harm_only_in_a_living_session(Late::Commit, 2, NO_LOST_WAKE_UP);
    }

    #[test]
    fn a_note_of_a_wake_up_that_arrives_after_its_repetition_does_not_lose_the_next_one() {
        does_harm_only_in_a_living_session(Late::Heed, 2, NO_LOST_WAKE_UP);
    }

    #[test]
    fn a_claim_that_arrives_after_its_worker_has_looked_leaves_no_lease_that_nobody_knows() {
        does_harm_only_in_a_living_session(Late::Claim, 1, NO_ORPHAN);
    }
}
