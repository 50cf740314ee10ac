//! Lists with more items than an execution runs itself: handed over in chunks that grow, or refused with the reason.

use capstan_engine::core::attempt::{Attempt, ITEMS_MAX};
use capstan_engine::core::chunk::{AROUND_BYTES_MAX, CHUNK_ITEMS_MAX, CHUNKS_MAX, SPILLED_ITEMS_MAX, hand_over};
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::journal::Event;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::scene::Scene;
use capstan_engine::core::state::State;
use serde_json::{Value, json};

use crate::driver::{key, start_of_time};
use crate::script::{after, at, done, graph};

/// A list of more than 100 items is handed over, ten at a time.
const SPILLING: &str = "start -> b\n b -> a\n a[x] 5\n a config {\"spill\": 100, \"chunk\": 10}\n";

/// What a worker records of a container that asks for so many frames, or why it refuses.
fn open(graph: &Graph, state: &State, items: usize) -> Result<Event, String> {
    let step = state.find(graph, &key("a")).unwrap();
    let outcome = Outcome::Open { items: vec![Value::Null; items], note: Value::Null };
    let event = Attempt { graph, state, step, now: at(50), seed: 7 }.conclude(outcome, |_, _| Ok(true));
    if let Event::Settled { settlement, .. } = event {
        let error = settlement.error.unwrap();
        assert_eq!(error.class, "items");
        return Err(error.reason);
    }
    let (trigger, execution_id) = (state.find(graph, &key("start")), ExecutionId::new());
    hand_over(&Scene { graph, state, trigger, execution_id, created_at: start_of_time() }, step, event)
}

#[test]
fn a_list_that_is_handed_over_may_have_a_million_items_and_its_chunks_grow_instead_of_becoming_too_many() {
    let graph = graph(SPILLING).with_chunks();
    let state = after(&graph, &[done("b")]);
    for (items, chunk, chunks) in
        [(101, 10, 11), (ITEMS_MAX + 1, 11, 910), (SPILLED_ITEMS_MAX, CHUNK_ITEMS_MAX, CHUNKS_MAX)]
    {
        match open(&graph, &state, items) {
            Ok(Event::Opened { items: opened, spill: Some(spill), .. }) => {
                assert_eq!((spill.items, spill.chunk, opened.len()), (items, chunk, chunks));
            }
            other => panic!("{items} items are not handed over: {:?}", other.map(|_| "they stay")),
        }
    }
    let reason = open(&graph, &state, SPILLED_ITEMS_MAX + 1).unwrap_err();
    assert!(reason.starts_with("there are 1000001 items; at most 1000000 are allowed"), "{reason}");
}

#[test]
fn a_long_list_that_cannot_be_handed_over_stays_only_within_the_bound_of_what_an_execution_runs_itself() {
    let reads = format!("{SPILLING} x reads {{{{ steps.b }}}}\n");
    let graph = graph(&reads).with_chunks();
    let mut large = done("b");
    if let Event::Settled { settlement, .. } = &mut large {
        settlement.output = json!("y".repeat(AROUND_BYTES_MAX + 1));
    }
    let state = after(&graph, &[large]);
    let stays = open(&graph, &state, ITEMS_MAX);
    assert!(matches!(&stays, Ok(Event::Opened { items, spill: None, .. }) if items.len() == ITEMS_MAX));
    let reason = open(&graph, &state, ITEMS_MAX + 1).unwrap_err();
    let told = "the list cannot be handed over, as what its nodes read around it has more than 262144 bytes, and cannot stay: \
                there are 10001 items; at most 10000 are allowed";
    assert_eq!(reason, told);
}
