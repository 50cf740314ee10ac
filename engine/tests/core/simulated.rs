//! A simulation against the driver of these tests: what stands in for attempts leads to what `decide` says of them.

use std::cell::RefCell;
use std::collections::HashMap;

use capstan_engine::core::catalogue::NodeTypeInfo;
use capstan_engine::core::fold::fold;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::outcome::{Outcome, Until};
use capstan_engine::core::simulate::{
    Case, Ending, Runner, Simulated, Stopped, Stub, Stubs, Trial, Unstubbed, simulate,
};
use capstan_engine::core::state::StepStatus;
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::arms::Arms;
use crate::catalogue::PORTS;
use crate::checks::ensure;
use crate::driver::{Driver, input, key, start_of_time};
use crate::fate::{foretell, output};
use crate::generator::generate;
use crate::script::lines;
use crate::spec::{self, Act, Spec, compile};

const GRAPHS: u64 = 300;

/// Runs nodes that wait, as their plan says; all others need a stub.
struct Plans<'a> {
    spec: &'a Spec,
    progress: RefCell<HashMap<String, usize>>,
}

impl Runner for Plans<'_> {
    fn runs(&self, type_name: &str) -> bool {
        type_name == "test.step" && !self.spec.nodes.is_empty()
    }

    fn node_type(&self, _type_name: &str) -> Option<&dyn NodeTypeInfo> {
        None
    }

    fn run(&self, trial: &Trial<'_>) -> Outcome {
        let node = self.spec.find(trial.step.node_id.as_str()).unwrap();
        let mut progress = self.progress.borrow_mut();
        let done = progress.entry(trial.step.to_string()).or_default();
        let act = self.spec.nodes[node].acts.get(*done);
        *done += 1;
        let until = |time: bool, signal: bool| {
            let time = time.then(|| trial.now + TimeDelta::days(365 * (*done as i64)));
            Outcome::Wait(Until { time, signal: signal.then(|| "reply".into()), child: None })
        };
        match act {
            Some(Act::Retry(class)) => Outcome::retry(class, "again", None),
            Some(Act::WaitTime) => until(true, false),
            Some(Act::WaitSignal) => until(false, true),
            Some(Act::WaitBoth) => until(true, true),
            None => match self.spec.nodes[node].ending {
                spec::Ending::Done(port) => Outcome::done(PORTS[port], output(self.spec, node)),
                spec::Ending::NoSuchPort => Outcome::done("nowhere", Value::Null),
                spec::Ending::Fail(class) => Outcome::fail(class, "it broke"),
                spec::Ending::Lost => unreachable!("it has a stub"),
            },
        }
    }
}

/// Stubs for the plans of nodes that do not wait, and signals for those that do.
fn stubs(spec: &Spec) -> Stubs {
    let mut stubs = Stubs::default();
    for (ix, node) in spec.nodes.iter().enumerate().filter(|(_, node)| !node.trigger) {
        let waits = node.acts.iter().any(|act| !matches!(act, Act::Retry(_)));
        if waits && !matches!(node.ending, spec::Ending::Lost) {
            stubs.set(&key(&node.id), vec![Stub::at_once(Ending::Signal(json!({"from": "outside"})))]);
            continue;
        }
        let error = |class: &str, is_final| Ending::Error { class: class.into(), reason: "it broke".into(), is_final };
        let retries = node.acts.iter().filter_map(|act| match act {
            Act::Retry(class) => Some(error(class, false)),
            _ => None,
        });
        let last = match node.ending {
            spec::Ending::Done(port) => Stub::output(Some(PORTS[port]), output(spec, ix)).ending,
            spec::Ending::NoSuchPort => Stub::output(Some("nowhere"), Value::Null).ending,
            spec::Ending::Fail(class) => error(class, true),
            spec::Ending::Lost => Ending::Lost,
        };
        stubs.set(&key(&node.id), retries.chain([last]).map(Stub::at_once).collect());
    }
    stubs
}

fn run(graph: &Graph, trigger: &str, stubs: &Stubs, runner: &dyn Runner) -> Simulated {
    let case = Case {
        graph,
        trigger: &key(trigger),
        input: input(),
        now: start_of_time(),
        execution_id: ExecutionId(Uuid::nil()),
        stubs,
        unstubbed: Unstubbed::Fail,
        timeout_ms: None,
        cancel: None,
    };
    simulate(&case, runner).unwrap()
}

#[test]
fn a_simulation_of_any_graph_is_what_decide_says_of_its_outcomes() {
    let (mut compared, mut ended) = (0, 0);
    for seed in 0..GRAPHS {
        let spec = generate(seed);
        let graph = spec.compile().unwrap();
        let plans = Plans { spec: &spec, progress: RefCell::default() };
        let simulated = run(&graph, &spec.nodes[spec.begin].id, &stubs(&spec), &plans);
        assert_eq!(simulated.stopped, None, "seed {seed}\n{}", spec.document());
        let trigger = key(&spec.nodes[spec.begin].id);
        let folded = fold(&graph, &trigger, input(), start_of_time(), &simulated.journal).unwrap();
        assert!(folded == simulated.state, "seed {seed}: its journal tells of something else");
        ended += 1;
        if foretell(&spec).is_some() {
            let mut arms = Arms::new();
            let mut driver = Driver::new(&spec, &graph, &mut arms, seed).unwrap();
            driver.run().unwrap();
            let (wanted, came) = (lines(&graph, &driver.state), lines(&graph, &simulated.state));
            ensure(wanted == came, || format!("seed {seed}: {wanted:#?} came as {came:#?}")).unwrap();
            compared += 1;
        }
    }
    assert!(ended == GRAPHS && compared > GRAPHS / 4, "only {compared} graphs could be compared");
}

/// `start`, then one step of this policy.
fn one(policy: Value) -> Graph {
    let nodes = json!([
        {"id": "start", "type": "test.trigger", "data": {"config": {"ports": 1}}},
        {"id": "a", "type": "test.step", "data": {"config": {"ports": 2}, "policy": policy}},
    ]);
    compile(&json!({"nodes": nodes, "edges": [{"id": "e", "source": "start", "target": "a"}]})).unwrap()
}

/// Runs nothing.
pub(crate) struct Nothing;

impl Runner for Nothing {
    fn runs(&self, _type_name: &str) -> bool {
        false
    }
    fn node_type(&self, _type_name: &str) -> Option<&dyn NodeTypeInfo> {
        None
    }
    fn run(&self, _trial: &Trial<'_>) -> Outcome {
        unreachable!("nothing is run")
    }
}

fn read(written: &Value) -> Stubs {
    Stubs::read(written.as_object().unwrap()).unwrap()
}

#[test]
fn a_failed_attempt_is_repeated_as_often_as_the_policy_says() {
    let graph = one(json!({"retry": {"attempts_max": 3, "delay_ms": 1000, "jitter": 0.0}}));
    let error = json!({"error": {"class": "http_5xx", "reason": "busy"}});
    for (outcomes, line, ms) in [
        (json!([error, error, {"output": 1}]), "a completed on out after 3", 3_000),
        (json!([error]), "a failed after 3 with http_5xx", 3_000),
        (json!([{"error": {"class": "http_5xx", "final": true}}]), "a failed with http_5xx", 0),
        (json!([{"never": true}]), "a failed after 3 with timeout", 183_000),
        (json!([{"output": 1, "port": "alt", "after_ms": 20}]), "a completed on alt", 20),
    ] {
        let simulated = run(&graph, "start", &read(&json!({"a": outcomes})), &Nothing);
        assert_eq!(lines(&graph, &simulated.state)[0], line);
        assert_eq!((simulated.ended_at - start_of_time()).num_milliseconds(), ms, "{line}");
    }
}

#[test]
fn a_missing_stub_is_named_and_nothing_is_made_up() {
    let graph = one(json!({}));
    let simulated = run(&graph, "start", &Stubs::default(), &Nothing);
    assert_eq!(simulated.stopped, Some(Stopped::Missing(vec![key("a")])));
    assert_eq!((simulated.status(), simulated.journal.len()), ("stopped", 0));
    assert_eq!(simulated.state.steps()[1].status, StepStatus::Running);
}

#[test]
fn a_stub_that_does_not_fit_the_graph_says_so() {
    let graph = one(json!({}));
    for (stubs, wrong) in [
        (json!({"b": {"output": 1}}), "no such node"),
        (json!({"start": {"output": 1}}), "trigger"),
        (json!({"a": {"output": 1, "port": "up"}}), "no output port \"up\""),
        (json!({"a": {"signal": 1}}), "waits for nothing"),
        (json!({"a": {"lost": true}}), "at_most_once"),
    ] {
        let found = read(&stubs).check(&graph, &Nothing).unwrap_err().to_string();
        assert!(found.contains(wrong), "{stubs}: {found}");
    }
    let pinned = json!({"nodes": [{"id": "a", "data": {"pinned": {"output": 5, "port": "alt"}}}]});
    let stubs = Stubs::pinned(&pinned).unwrap();
    assert_eq!(lines(&graph, &run(&graph, "start", &stubs, &Nothing).state)[0], "a completed on alt");
    let stubs = read(&json!({"a": {"output": 1}})).or(stubs);
    assert_eq!(lines(&graph, &run(&graph, "start", &stubs, &Nothing).state)[0], "a completed on out");
    let odd = json!({"nodes": [{"id": "a", "data": {"pinned": {"error": {"class": "x"}}}}]});
    assert!(Stubs::pinned(&odd).unwrap_err().to_string().contains("data.pinned"));
}
