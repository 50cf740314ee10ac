//! Faults planted in small graphs: the proof finds each, with a path that `decide` confirms.

use capstan_engine::core::graph::{Graph, Part};
use capstan_engine::core::prove::{Finding, LeftOut, Proof, Severity, prove, replay};
use capstan_engine::core::state::{State, StepStatus};

use crate::catalogue::TestTypes;
use crate::script::graph;

/// A name, a graph, what is found, at which node, and, of what is null there, which step.
type Planted = (&'static str, &'static str, Severity, &'static str, &'static str, Option<&'static str>);

const DIAMOND: &str = "start -> a\n a.out -> b\n a.alt -> c\n b -> d\n c -> d\n";

fn planted() -> Vec<(String, Planted)> {
    use Severity::{Error, Note, Warning};
    let all: Vec<Planted> = vec![
        ("branches that exclude each other", r#"@ d {"join": "n_of_m", "n": 2}"#, Error, "join_never_fires", "d", None),
        (
            "ports of one node",
            "start -> a\n a.out -> j\n a.alt -> j\n j {\"join\": \"n_of_m\", \"n\": 2}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "the default of a step that emits on several ports, with one of these",
            "start -> a\n a.out -> j\n a.other -> j\n j {\"join\": \"n_of_m\", \"n\": 2}\n a config {\"together\": [[\"out\", null], [\"alt\", null]]}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "the default of such a step that always emits on another port",
            "start -> a\n a.other -> b\n a config {\"together\": [[\"out\", true], [\"alt\", null]]}",
            Warning,
            "node_never_runs",
            "b",
            None,
        ),
        (
            "a read behind one of several ports",
            "@ d reads {{ steps.b.x }}\n a config {\"together\": [[\"out\", null], [\"alt\", null]]}",
            Warning,
            "null_has_no_parts",
            "d",
            Some("b"),
        ),
        (
            "success and failure of one node",
            "start -> a\n a -> j\n a ! -> j\n j {\"join\": \"n_of_m\", \"n\": 2}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "classes of one failure",
            "start -> a\n a !boom -> j\n a !bang -> j\n j {\"join\": \"n_of_m\", \"n\": 2}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "two of three exclusive branches",
            "start -> a\n a.out -> b\n a.alt -> c\n a.other -> e\n b -> j\n c -> j\n e -> j\n j {\"join\": \"n_of_m\", \"n\": 2}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "too many of a branch and its sibling",
            "@ start -> e\n e -> j\n b -> j\n c -> j\n j {\"join\": \"n_of_m\", \"n\": 3}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "a join in a container",
            "start -> each\n each[p q r j]\n p.out -> q\n p.alt -> r\n q -> j\n r -> j\n j {\"join\": \"n_of_m\", \"n\": 2}",
            Error,
            "join_never_fires",
            "j",
            None,
        ),
        (
            "a join that fires before what it cancels",
            "start -> a\n a -> j\n a -> b\n b -> j\n j {\"join\": \"any\", \"cancel_others\": true}",
            Error,
            "node_never_runs",
            "b",
            None,
        ),
        (
            "the same, drawn the other way round",
            "start -> a\n a -> b\n a -> j\n b -> j\n j {\"join\": \"any\", \"cancel_others\": true}",
            Error,
            "node_never_runs",
            "b",
            None,
        ),
        ("a condition that is always false", "start -> a\n a if false -> b", Warning, "node_never_runs", "b", None),
        (
            "a condition that is always false, at its edge",
            "start -> a\n a if 1 > 2 -> b\n a -> c",
            Note,
            "edge_never_taken",
            "a",
            None,
        ),
        (
            "a port that is never emitted",
            "start -> a\n a.alt -> b\n a config {\"emits\": [\"out\"]}",
            Warning,
            "node_never_runs",
            "b",
            None,
        ),
        (
            "an edge from it",
            "start -> a\n a.alt -> b\n a -> c\n a config {\"emits\": [\"out\"]}",
            Warning,
            "edge_never_taken",
            "a",
            None,
        ),
        (
            "a class that never comes",
            "start -> a\n a !http_4xx -> b\n a config {\"classes\": [\"boom\"]}",
            Warning,
            "error_edge_never_taken",
            "a",
            None,
        ),
        (
            "an outcome that is never unknown",
            "start -> a\n a !outcome_unknown -> b\n a config {\"classes\": []}",
            Warning,
            "error_edge_never_taken",
            "a",
            None,
        ),
        ("a read behind a branch not taken", "@ d reads {{ steps.b.x }}", Warning, "null_has_no_parts", "d", Some("b")),
        (
            "a condition behind a branch not taken",
            "@ d if steps.b.x -> e",
            Warning,
            "null_has_no_parts",
            "d",
            Some("b"),
        ),
        (
            "a read behind a join of any",
            "start -> a\n start -> b\n a -> d\n b -> d\n d {\"join\": \"any\"}\n d reads {{ steps.a.x }}",
            Warning,
            "null_has_no_parts",
            "d",
            Some("a"),
        ),
        (
            "a read behind a join of some",
            "start -> a\n start -> b\n start -> c\n a -> d\n b -> d\n c -> d\n d {\"join\": \"n_of_m\", \"n\": 2}\n d reads {{ steps.c.x }}",
            Warning,
            "null_has_no_parts",
            "d",
            Some("c"),
        ),
        (
            "a read of what a join cancels",
            "start -> a\n start -> b\n a -> d\n b -> d\n d {\"join\": \"any\", \"cancel_others\": true}\n d -> e\n e reads {{ steps.b.x }}",
            Warning,
            "null_has_no_parts",
            "e",
            Some("b"),
        ),
        (
            "a read on an error edge",
            "start -> a\n a ! -> h\n h reads {{ steps.a.x }}",
            Warning,
            "always_null",
            "h",
            Some("a"),
        ),
        (
            "a read after an error edge",
            "start -> a\n a -> d\n a ! -> h\n h -> d\n d reads {{ steps.a.x }}",
            Warning,
            "null_has_no_parts",
            "d",
            Some("a"),
        ),
        (
            "a read of the other trigger",
            "start -> a\n start2 -> a\n a reads {{ steps.start2.x }}",
            Warning,
            "null_has_no_parts",
            "a",
            Some("start2"),
        ),
        (
            "a read from within a container",
            "@ d -> each\n each[i k]\n i -> k\n k reads {{ steps.b.x }}",
            Warning,
            "null_has_no_parts",
            "k",
            Some("b"),
        ),
        (
            "a read from a container in a container",
            "@ d -> each\n each[i]\n i[k]\n k reads {{ steps.c.x }}",
            Warning,
            "null_has_no_parts",
            "k",
            Some("c"),
        ),
        ("a read by what undoes", "@ d ~> u\n u reads {{ steps.b.x }}", Warning, "null_has_no_parts", "u", Some("b")),
        ("a step that is passed on as null", "@ d reads {{ steps.b }}", Note, "may_be_null", "d", Some("b")),
        (
            "a read by what runs at last",
            "start -> a\n f {\"finally\": true}\n f reads {{ steps.a.x }}",
            Note,
            "may_be_null",
            "f",
            Some("a"),
        ),
        (
            "a time limit that nothing follows",
            "start -> a\n a config {\"named\": [\"out\", \"timeout\"]}\n a -> b",
            Warning,
            "port_leads_nowhere",
            "a",
            None,
        ),
        (
            "error edges that are taken together",
            "start -> a\n a !boom -> b\n a ! -> c",
            Note,
            "error_edges_overlap",
            "a",
            None,
        ),
        (
            "turns that are too many",
            "start -> each\n each[p q]\n p -> q\n each config {\"frames\": 200000}",
            Warning,
            "too_many_steps",
            "each",
            None,
        ),
        (
            "turns of turns",
            "start -> each\n each[in]\n in[p]\n each config {\"frames\": 1000}\n in config {\"frames\": 1000}",
            Warning,
            "too_many_steps",
            "each",
            None,
        ),
        (
            "turns that fit in memory and not in the journal",
            "start -> each\n each[p q]\n p -> q\n each config {\"frames\": 40000}",
            Warning,
            "too_many_steps",
            "each",
            None,
        ),
    ];
    all.into_iter().map(|planted| (planted.1.replacen('@', DIAMOND, 1), planted)).collect()
}

#[test]
fn whether_a_list_has_room_in_the_journal_is_left_out() {
    let nested = "start -> each\n each[p q r s]\n p -> q\n q -> r\n r -> s\n";
    let proof = prove(&graph(nested), &TestTypes::new());
    let [finding] = &proof.findings[..] else { panic!("{:#?}", proof.findings) };
    assert_eq!((finding.severity, finding.code), (Severity::Note, "may_have_too_many_steps"));
    // 10,000 items with four steps of three attempts each, and the container.
    let told = ["120006 entries", "as long as they may be", "100000"];
    assert!(told.iter().all(|told| finding.detail.contains(told)), "{}", finding.detail);
    assert!(finding.hint.contains("spill") && finding.hint.contains("child workflow"), "{}", finding.hint);
    assert!(!proof.complete && proof.left_out[0].node_id == "each", "{:?}", proof.left_out);
    let spilled = format!("{nested} each config {{\"spill\": 500, \"chunk\": 100}}");
    let proof = prove(&graph(&spilled), &TestTypes::new());
    assert!(proof.complete && proof.findings.is_empty(), "{:#?}", proof.findings);
}

#[test]
fn several_ports_at_once_are_told_from_one_of_several() {
    let lines = format!("{DIAMOND} d {{\"join\": \"n_of_m\", \"n\": 2}}\n d reads {{{{ steps.b.x }}}}\n");
    let together = format!("{lines} a config {{\"together\": [[\"out\", null], [\"alt\", null]]}}");
    let codes = |lines: &str| -> Vec<&str> {
        let proof = prove(&graph(lines), &TestTypes::new());
        assert!(proof.complete);
        proof.findings.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&lines), ["join_never_fires"]);
    assert!(codes(&together).is_empty(), "both may come, and then both are there");
    let certain = format!(
        "{DIAMOND} d reads {{{{ steps.b.x }}}}\n a config {{\"together\": [[\"out\", true], [\"alt\", null]]}}"
    );
    assert!(codes(&certain).is_empty(), "what always comes is always there");
}

#[test]
fn each_planted_fault_is_found_with_a_path_that_decide_confirms() {
    for (lines, (name, _, severity, code, node, named)) in planted() {
        let graph = graph(&lines);
        let proof = prove(&graph, &TestTypes::new());
        let is_of_room = |left: &LeftOut| left.question.starts_with("whether the journal has room");
        assert!(proof.left_out.iter().all(is_of_room), "{name}: {:?}", proof.left_out);
        let is_it = |finding: &&Finding| finding.code == code && finding.node_id.as_deref() == Some(node);
        let finding = proof.findings.iter().find(is_it).unwrap_or_else(|| panic!("{name}: {:#?}", proof.findings));
        assert_eq!(finding.severity, severity, "{name}: {finding:?}");
        confirmed(&graph, &proof).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        if let Some(named) = named {
            let state = replay(&graph, &finding.path).unwrap();
            assert!(finding.detail.contains(&format!("{named:?}")), "{name}: {}", finding.detail);
            assert_ne!(status(&graph, &state, named), StepStatus::Completed, "{name}");
        }
    }
}

#[test]
fn what_says_what_holds_instead_of_null_is_no_fault() {
    for text in [
        "{{ steps.b or steps.c }}",
        "{{ steps.b.x if steps.b else 1 }}",
        "{% if steps.b %}{{ steps.b.x }}{% endif %}",
        "{{ steps.b.x | default(0) }}",
        "{{ steps.b.x is defined }}",
        "{{ 'bad' if errors.b else steps.b.x }}",
        "{{ steps.a.x }}",
    ] {
        let graph = graph(&format!("{DIAMOND} d reads {text}"));
        let proof = prove(&graph, &TestTypes::new());
        assert!(proof.complete && proof.findings.is_empty(), "{text}: {:#?}", proof.findings);
    }
}

#[test]
fn a_step_that_only_fails_completes_where_its_failure_lets_it_go_on() {
    let lines = "start -> a\n a -> b\n a config {\"emits\": []}\n";
    let found = |lines: &str| prove(&graph(lines), &TestTypes::new()).findings.len();
    assert!(found(lines) > 0);
    let goes_on = "a {\"on_error\": \"continue\"}";
    assert_eq!(found(&format!("{lines} {goes_on}")), 0);
    assert!(found(&format!("{lines} a ! -> c\n {goes_on}")) > 0, "an edge takes every failure");
}

#[test]
fn steps_and_attempts_are_counted_over_containers_and_their_repeats() {
    let lines = r#"start -> each
        each[p in]
        in[q r]
        p -> in
        each config {"frames": 10, "repeats": true}
        in config {"frames": 3}
        each {"retry": {"attempts_max": 2}}
        in {"retry": {"attempts_max": 1}}
        p {"retry": {"attempts_max": 5}}
        q {"retry": {"attempts_max": 1}}
        r {"retry": {"attempts_max": 1}}"#;
    let proof = prove(&graph(lines), &TestTypes::new());
    // start, each, and twenty times p, in, and three times q and r.
    assert_eq!((proof.steps_max, proof.attempts_max), (Some(2 + 20 * 8), Some(2 + 20 * (5 + 1 + 6))));
}

#[test]
fn only_errors_that_are_not_accepted_count() {
    let (lines, _) = planted().swap_remove(0);
    let proof = prove(&graph(&lines), &TestTypes::new());
    assert_eq!(proof.errors(&[]).len(), 1);
    assert!(proof.errors(&["join_never_fires"]).is_empty());
}

/// Whether `decide` brings about each finding along its path.
pub(crate) fn confirmed(graph: &Graph, proof: &Proof) -> Result<(), String> {
    for finding in &proof.findings {
        let state = replay(graph, &finding.path).map_err(|refusal| format!("{refusal}: {finding:#?}"))?;
        let Some(node) = finding.node_id.as_deref() else { continue };
        if finding.path.is_empty() {
            continue;
        }
        let is_undo = graph.nodes[graph.find(&node.into()).unwrap()].part == Part::Undo;
        let has_fired = is_undo || !matches!(status(graph, &state, node), StepStatus::Pending | StepStatus::Skipped);
        let never = matches!(finding.code, "node_never_runs" | "join_never_fires");
        if has_fired == never {
            return Err(format!("its path shows something else: {finding:#?}"));
        }
    }
    Ok(())
}

fn status(graph: &Graph, state: &State, node: &str) -> StepStatus {
    state.latest(graph, graph.find(&node.into()).unwrap()).map_or(StepStatus::Pending, |step| step.status)
}
