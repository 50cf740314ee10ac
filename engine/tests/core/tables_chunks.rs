//! Chunks: items handed over to executions of their own come to what they would come to at home.

use std::collections::BTreeMap;
use std::sync::Arc;

use capstan_engine::core::attempt::Attempt;
use capstan_engine::core::catalogue::Frames;
use capstan_engine::core::child::{Child, OnCancel};
use capstan_engine::core::chunk::{Given, Spill, given, hand_over};
use capstan_engine::core::decide::{Decision, begin, decide};
use capstan_engine::core::explain::explain;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, StepKey, VersionId, WorkflowId};
use capstan_engine::core::journal::{Entry, Event};
use capstan_engine::core::outcome::{Closed, Outcome, StepError, Until, Wake};
use capstan_engine::core::restart::{Past, Unfit, plan};
use capstan_engine::core::result::{closed, result};
use capstan_engine::core::scene::Scene;
use capstan_engine::core::state::{Closing, End, Phase, State, StepIx, StepStatus};
use serde_json::{Value, json};

use crate::driver::{input, key, start_of_time};
use crate::rng::Rng;
use crate::script::*;

/// Lists of more than four items are handed over, three at a time.
fn spilling(parallel: usize, tolerated: usize) -> Arc<Graph> {
    let lines = format!(
        "start -> b\n b -> each\n each -> after\n each[x y] {parallel} {tolerated}\n x -> y\n
         each config {{\"spill\": 4, \"chunk\": 3}}\n x reads {{{{ steps.b }}}} {{{{ input.budget }}}}\n"
    );
    Arc::new(graph(&lines).with_chunks())
}

/// One execution, as a worker drives it.
struct Own {
    id: ExecutionId,
    graph: Arc<Graph>,
    trigger: StepKey,
    state: State,
    entries: Vec<Entry>,
    /// What was decided last.
    last: Decision,
}

impl Own {
    fn begin(graph: &Arc<Graph>, trigger: &str, input: Value) -> Self {
        let (graph, trigger) = (graph.begun_at(trigger), key(trigger));
        let (state, _) = begin(&graph, &trigger, input, at(0)).unwrap();
        Self { id: ExecutionId::new(), graph, trigger, state, entries: Vec::new(), last: Decision::default() }
    }

    fn scene(&self) -> Scene<'_> {
        let trigger = self.state.find(&self.graph, &self.trigger);
        let (graph, state, execution_id) = (&self.graph, &self.state, self.id);
        Scene { graph, state, trigger, execution_id, created_at: start_of_time() }
    }

    fn apply(&mut self, event: Event) {
        let entry = Entry { at: at(self.state.position() + 1), event };
        let decision = decide(&self.graph, &self.state, &entry).unwrap();
        self.state.apply(&self.graph, entry.clone(), &decision);
        self.entries.push(entry);
        self.last = decision;
    }

    fn settle(&mut self, step: StepIx, outcome: Outcome) {
        let attempt = Attempt { graph: &self.graph, state: &self.state, step, now: at(9), seed: 1 };
        let event = attempt.conclude(outcome, |_, _| Ok(true));
        let event = hand_over(&self.scene(), step, event).unwrap();
        self.apply(event);
    }

    fn find(&self, step: &str) -> StepIx {
        self.state.find(&self.graph, &key(step)).unwrap()
    }

    fn open(&mut self, items: usize) {
        let items = (0..items).map(|item| json!(item * 10)).collect();
        self.settle(self.find("each"), Outcome::Open { items, note: Value::Null });
    }

    /// Steps that may run now.
    fn ready(&self) -> Vec<StepIx> {
        self.state.runnable(at(99)).collect()
    }

    fn came(&self) -> Vec<Closed> {
        match closed(&self.graph, &self.state, self.find("each")) {
            Some(Wake::Closed { frames, .. }) => frames,
            other => panic!("{other:?}"),
        }
    }
}

/// An execution with a list, and the executions that it hands chunks to.
struct Fleet {
    parent: Own,
    /// By the step that stands for the chunk.
    chunks: BTreeMap<StepIx, Own>,
    /// Most items that ran at a time.
    most: usize,
}

/// An item comes to twice of what it is, unless it fails.
fn outcome_of(item: &Value, fails: usize) -> Outcome {
    let number = item.as_u64().unwrap();
    match (number / 10) as usize % fails == fails - 1 {
        true => Outcome::fail("boom", format!("{number}")),
        false => Outcome::done("out", json!(number * 2)),
    }
}

impl Fleet {
    fn new(graph: &Arc<Graph>, items: usize) -> Self {
        let mut parent = Own::begin(graph, "start", input());
        parent.settle(parent.find("b"), Outcome::done("out", json!("seen")));
        parent.open(items);
        Self { parent, chunks: BTreeMap::new(), most: 0 }
    }

    /// One thing happens, as chance has it. False once nothing does.
    fn turn(&mut self, rng: &mut Rng, fails: usize) -> bool {
        let own = self.parent.ready().into_iter().filter(|&step| step != self.parent.find("each"));
        let mut moves: Vec<(StepIx, Option<StepIx>)> = own.map(|step| (step, None)).collect();
        for (&chunk, own) in &self.chunks {
            moves.extend(own.ready().into_iter().map(|step| (chunk, Some(step))));
            if own.state.end().is_some() {
                moves.push((chunk, None));
            }
        }
        let running = self.chunks.values().map(|own| own.ready().len()).sum::<usize>();
        let at_home = moves.iter().filter(|(step, _)| !self.parent.graph.is_chunk(&self.parent.state, *step)).count();
        self.most = self.most.max(running + at_home);
        if moves.is_empty() {
            return false;
        }
        match *rng.pick(&moves) {
            (chunk, Some(step)) => {
                let own = self.chunks.get_mut(&chunk).unwrap();
                run(own, step, fails);
            }
            (chunk, None) if self.chunks.contains_key(&chunk) => self.hear(chunk),
            (step, None) if self.parent.graph.is_chunk(&self.parent.state, step) => self.start(step),
            (step, None) => run(&mut self.parent, step, fails),
        }
        true
    }

    fn start(&mut self, step: StepIx) {
        let given = json!(given(&self.parent.scene(), step).unwrap());
        let (workflow_id, version_id) = (WorkflowId::new(), VersionId::new());
        let own = Own::begin(&self.parent.graph, "each", given);
        let child =
            Some(Box::new(Child { execution_id: own.id, workflow_id, version_id, on_cancel: OnCancel::Cancel }));
        self.chunks.insert(step, own);
        let until = Until { time: None, signal: Some(format!("chunk {step}")), child };
        self.parent.apply(Event::Waiting { step: self.parent.state.key(&self.parent.graph, step), until });
    }

    /// The parent hears of the end of a chunk; those that are needed no more are cancelled.
    fn hear(&mut self, step: StepIx) {
        let own = self.chunks.remove(&step).unwrap();
        self.parent.apply(signalled(&self.parent.state.key(&self.parent.graph, step).to_string()));
        let outcome = match own.state.end().unwrap() {
            End::Completed => Outcome::done("out", result(&own.graph, &own.state, 0)),
            _ => Outcome::fail("child_cancelled", "it was"),
        };
        let attempt = Attempt { graph: &self.parent.graph, state: &self.parent.state, step, now: at(9), seed: 1 };
        let event = attempt.conclude(outcome, |_, _| Ok(true));
        self.parent.apply(event);
        self.obey(false);
    }

    fn obey(&mut self, is_forced: bool) {
        for chunk in self.parent.last.recalled.iter().chain(&self.parent.last.cancelled) {
            if let Some(own) = self.chunks.get_mut(chunk).filter(|own| own.state.end().is_none()) {
                own.apply(if is_forced { forced() } else { cancelled() });
            }
        }
    }

    fn go_on(&mut self, rng: &mut Rng, fails: usize) {
        while self.turn(rng, fails) {}
    }
}

fn run(own: &mut Own, step: StepIx, fails: usize) {
    let frame = &own.state.frames()[own.state.step(step).frame];
    let outcome = match own.graph.nodes[own.state.step(step).node].id.as_str() {
        "y" => outcome_of(&frame.item.clone(), fails),
        _ => Outcome::done("out", Value::Null),
    };
    own.settle(step, outcome);
}

#[test]
fn a_list_is_handed_over_in_chunks_whose_executions_see_it_as_it_was() {
    let graph = spilling(2, 0);
    let fleet = Fleet::new(&graph, 7);
    let opened = &fleet.parent.entries[1].event;
    let Event::Opened { items, spill, .. } = opened else { panic!("{opened:?}") };
    assert_eq!(json!(items), json!([[0, 10, 20], [30, 40, 50], [60]]));
    assert_eq!(*spill, Some(Spill { items: 7, chunk: 3, parallel: 2, share: 1, tolerated: 0 }));
    let second = fleet.parent.find("each[3]/each.chunk");
    let told: Given = given(&fleet.parent.scene(), second).unwrap();
    assert_eq!((told.first, &json!(told.items), told.parallel), (3, &json!([30, 40, 50]), 1));
    assert_eq!((told.execution_id, &told.input), (fleet.parent.id, &input()));
    assert_eq!(told.steps.keys().collect::<Vec<_>>(), ["b"], "what the body names, and no more");
    let chunk = Own::begin(&graph, "each", json!(told));
    let (x, scene) = (chunk.find("each[3]/x"), chunk.scene());
    assert_eq!(chunk.state.frames()[1].index, 3);
    assert_eq!(scene.config(x, None).unwrap().unwrap()["text"], "seen 7");
    assert_eq!(chunk.state.step(chunk.find("b")).status, StepStatus::Completed);
}

#[test]
fn a_short_list_and_one_whose_surroundings_are_large_stay_at_home() {
    let graph = spilling(2, 0);
    let mut short = Own::begin(&graph, "start", input());
    short.settle(short.find("b"), Outcome::done("out", Value::Null));
    short.open(4);
    assert!(short.state.step(short.find("each")).round.as_ref().unwrap().spill.is_none());
    let mut large = Own::begin(&graph, "start", json!({ "budget": "x".repeat(300_000) }));
    large.settle(large.find("b"), Outcome::done("out", Value::Null));
    large.open(40);
    assert!(large.state.step(large.find("each")).round.as_ref().unwrap().spill.is_none());
    assert!(large.state.find(&graph, &key("each[1]/x")).is_some());
}

#[test]
fn items_in_chunks_come_to_what_they_come_to_at_home_whatever_the_order() {
    for seed in 0..300 {
        let rng = &mut Rng::new(seed);
        let (items, parallel) = (5 + rng.below(40), 1 + rng.below(9));
        let (fails, tolerated) = (2 + rng.below(20), rng.below(20));
        let graph = spilling(parallel, tolerated);
        let mut fleet = Fleet::new(&graph, items);
        fleet.go_on(rng, fails);
        let outcomes: Vec<Outcome> = (0..items).map(|item| outcome_of(&json!(item * 10), fails)).collect();
        let failed = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Fail { .. })).count();
        let round = fleet.parent.state.step(fleet.parent.find("each")).round.clone().unwrap();
        assert!(round.spill.is_some() && fleet.most <= parallel, "{seed}: {} of {parallel} at a time", fleet.most);
        assert_eq!(fleet.parent.state.step(fleet.parent.find("each")).phase, Phase::Closed, "{seed}");
        let came = fleet.parent.came();
        assert_eq!(came.len(), items, "{seed}");
        if failed > tolerated {
            assert_eq!(round.closing, Some(Closing::Failed), "{seed}");
            let told = came.iter().filter(|came| matches!(came, Closed::Failed(_))).count();
            assert!(told > tolerated, "{seed}: {told} of {tolerated}");
            continue;
        }
        assert_eq!(round.closing, None, "{seed}");
        for (item, (came, outcome)) in came.iter().zip(&outcomes).enumerate() {
            match outcome {
                Outcome::Done { output, .. } => assert_eq!(came, &Closed::Completed(output.clone()), "{seed}: {item}"),
                _ => assert!(matches!(came, Closed::Failed(error) if error.class == "boom"), "{seed}: {item}"),
            }
        }
    }
}

#[test]
fn a_journal_without_outputs_folds_to_where_it_stood() {
    for seed in 0..50 {
        let rng = &mut Rng::new(seed);
        let graph = spilling(4, 3);
        let mut fleet = Fleet::new(&graph, 5 + rng.below(30));
        let fails = 3 + rng.below(9);
        fleet.go_on(rng, fails);
        let mut state = begin(&graph, &key("start"), input(), at(0)).unwrap().0;
        for entry in &fleet.parent.entries {
            let mut entry = entry.clone();
            match &mut entry.event {
                Event::Settled { settlement, .. } => settlement.output = Value::Null,
                Event::Signalled { payload, .. } => *payload = Value::Null,
                Event::Opened { items, .. } => *items = items.iter().map(|_| Value::Null).collect(),
                _ => {}
            }
            let decision = decide(&graph, &state, &entry).unwrap();
            state.apply(&graph, entry, &decision);
        }
        assert_eq!(lines(&graph, &state), lines(&graph, &fleet.parent.state), "{seed}");
    }
}

#[test]
fn a_cancel_waits_until_the_chunks_have_ended_and_a_forced_one_does_not() {
    for (seed, is_forced) in (0..200).zip([false, true].into_iter().cycle()) {
        let rng = &mut Rng::new(seed);
        let graph = spilling(6, 1);
        let mut fleet = Fleet::new(&graph, 30);
        for _ in 0..rng.below(40) {
            fleet.turn(rng, 50);
        }
        fleet.parent.apply(if is_forced { forced() } else { cancelled() });
        let running = fleet.chunks.values().filter(|own| own.state.end().is_none()).count();
        fleet.obey(is_forced);
        assert!(fleet.chunks.values().all(|own| own.state.end().is_some()), "{seed}: all were told");
        let waits = fleet.parent.state.end().is_none();
        assert!(!is_forced || !waits, "{seed}");
        assert!(is_forced || running == 0 || waits, "{seed}: {running} run, and nobody waits");
        if waits {
            fleet.go_on(rng, 50);
        }
        assert!(matches!(fleet.parent.state.end(), Some(End::Cancelled { .. })), "{seed}");
        assert_eq!(fleet.parent.state.next_due(), None, "{seed}");
    }
}

#[test]
fn a_chunk_that_somebody_cancels_fails_all_of_its_items() {
    let graph = spilling(2, 3);
    let rng = &mut Rng::new(1);
    let mut fleet = Fleet::new(&graph, 9);
    let first = fleet.parent.find("each[0]/each.chunk");
    fleet.start(first);
    fleet.chunks.get_mut(&first).unwrap().apply(cancelled());
    fleet.go_on(rng, 1_000);
    let came = fleet.parent.came();
    let failed = |came: &Closed| matches!(came, Closed::Failed(StepError { class, .. }) if class == "child_cancelled");
    assert_eq!(came.iter().map(failed).collect::<Vec<_>>(), [[true; 3], [false; 3], [false; 3]].concat());
}

#[test]
fn what_is_awaited_of_chunks_is_told() {
    let mut fleet = Fleet::new(&spilling(2, 0), 7);
    let first = fleet.parent.find("each[0]/each.chunk");
    fleet.start(first);
    let told = explain(&fleet.parent.graph, &fleet.parent.state);
    let expected =
        json!({ "waits_for": "chunks", "step": key("each"), "items": 7, "chunks": 3, "ended": 0, "open": 2 });
    assert_eq!(json!(told[0]), expected);
    assert_eq!(told[0].to_string(), "each hands 7 items over in 3 chunks: 0 ended, 2 under way");
    assert_eq!((&json!(told[1])["waits_for"], &json!(told[2])["waits_for"]), (&json!("child"), &json!("worker")));
}

#[test]
fn a_parent_is_restarted_as_a_whole_and_a_chunk_with_its_parent() {
    let graph = spilling(2, 0);
    let mut fleet = Fleet::new(&graph, 7);
    let first = fleet.parent.find("each[0]/each.chunk");
    let told = json!(given(&fleet.parent.scene(), first).unwrap());
    let chunk = Own::begin(&graph, "each", told.clone());
    let past = |own: &Own, input| {
        let past = Past { graph: &own.graph, state: &own.state, entries: &own.entries, trigger: &own.trigger, input };
        plan(past, &graph, &"each".into())
    };
    assert_eq!(past(&chunk, &told), Err(Unfit::Chunk("each".into())));
    fleet.go_on(&mut Rng::new(3), 1_000);
    fleet.parent.settle(fleet.parent.find("each"), Outcome::done("out", json!("results")));
    let past = |from: &str| {
        let Own { graph, state, entries, trigger, .. } = &fleet.parent;
        plan(Past { graph, state, entries, trigger, input: &input() }, graph, &from.into()).unwrap()
    };
    assert_eq!(past("after").entries, fleet.parent.entries, "all of it is kept");
    assert_eq!(past("each").entries, fleet.parent.entries[..1], "all of it is handed over again");
}

#[test]
fn as_many_items_run_at_a_time_as_may_and_no_more() {
    for concurrency in 1..=1_000 {
        let spill = Spill::of(10_000, 100, Frames { parallel: concurrency, tolerated_percent: 5, ..Frames::default() });
        let used = spill.parallel * spill.share;
        assert!(used <= concurrency && used * 4 >= concurrency * 3 && spill.parallel <= 16, "{spill:?}");
        assert_eq!((spill.tolerated, spill.items_of(99), spill.items_of(100)), (500, 100, 0));
    }
    let fifty = Spill::of(10_000, 100, Frames { parallel: 50, ..Frames::default() });
    assert_eq!((fifty.parallel, fifty.share), (10, 5));
}
