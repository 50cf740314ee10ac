//! `capstan exec`, `capstan validate` and `capstan test`, as a person or a script runs them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod cases;
mod code;
mod support;

use serde_json::{Value, json};
use support::{EXAMPLE, ORDER, QUOTE, capstan, data_dir, last_json, stdout};
use tempfile::TempDir;

const SUB_WORKFLOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/sub-workflow/workflow.json");
const LOW_BUDGET: &str = r#"{"name": "Bob", "email": "bob@example.com", "budget": 10}"#;

/// Runs a file to its end, which is a good one, and compares the tree that is printed.
fn prints(data: &TempDir, file: &str, input: Option<&str>, expected: &str) {
    let input = input.into_iter().flat_map(|input| ["--input", input]);
    let output = capstan(data.path()).args(["exec", file]).args(input).output().unwrap();
    assert_eq!(stdout(&output), expected, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn examples_run_and_their_trees_are_printed() {
    let data = data_dir();
    prints(
        &data,
        EXAMPLE,
        None,
        "\
execution completed
├─ form          completed
├─ fields        completed
├─ qualified     completed  port true
│  ├─ enrich     completed  attempt 1
│  ├─ pause      completed
│  ├─ mail       completed  attempt 1
│  ├─ reply      completed  port received
│  │  ├─ won     completed
│  │  └─ silent  skipped
│  └─ decline    skipped
└─ done          completed
",
    );
    prints(
        &data,
        EXAMPLE,
        Some(LOW_BUDGET),
        "\
execution completed
├─ form          completed
├─ fields        completed
├─ qualified     completed  port false
│  ├─ enrich     skipped
│  ├─ pause      skipped
│  ├─ mail       skipped
│  ├─ reply      skipped
│  │  ├─ won     skipped
│  │  └─ silent  skipped
│  └─ decline    completed
└─ done          completed
",
    );
    prints(
        &data,
        QUOTE,
        Some(r#"{"body": {"count": 3, "price": 100}}"#),
        "\
execution completed
├─ hook       completed
├─ price      completed
├─ large      completed  port false
│  ├─ accept  completed
│  └─ defer   skipped
└─ remember   completed
",
    );
}

#[test]
fn an_order_that_cannot_be_sent_is_undone() {
    let data = data_dir();
    prints(
        &data,
        ORDER,
        None,
        "\
execution completed
├─ order          completed
├─ lines          completed
│  └─ reserve     completed
├─ payment        completed
│  ├─ charge      completed
│  ├─ address     completed  port true
│  │  ├─ parcel   completed
│  │  └─ nowhere  skipped
│  ├─ thank       completed
│  └─ sorry       skipped
└─ audit          completed
",
    );
    let nowhere = r#"{"lines": [{"sku": "engine", "price": 100, "count": 1}], "address": null}"#;
    prints(
        &data,
        ORDER,
        Some(nowhere),
        "\
execution completed
├─ order          completed
├─ lines          completed
│  └─ reserve     completed
├─ payment        failed     no_address: nobody knows where the parcel should go
│  ├─ charge      completed
│  ├─ address     completed  port false
│  │  ├─ parcel   skipped
│  │  └─ nowhere  failed     no_address: nobody knows where the parcel should go
│  ├─ refund      completed
│  ├─ thank       skipped
│  └─ sorry       completed
└─ audit          completed
",
    );
}

#[test]
fn the_last_line_for_programs_tells_every_step_and_the_exit_code_tells_the_end() {
    let data = data_dir();
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual", "data": {}},
            {"id": "break", "type": "debug.fail", "data": {"config": {"class": "broken", "reason": "no luck"}}},
            {"id": "after", "type": "debug.noop", "data": {}},
        ],
        "edges": [{"id": "a", "source": "start", "target": "break"}, {"id": "b", "source": "break", "target": "after"}],
    });
    let file = data.path().join("fails.json");
    std::fs::write(&file, graph.to_string()).unwrap();
    let output = capstan(data.path()).args(["--json", "exec"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let mut result = last_json(&stdout(&output));
    assert!(result["id"].take().is_string());
    let step = |id: &str, status: &str, port: Value, error: Value| json!({"node_id": id, "scope": "", "status": status, "port": port, "attempts": 1, "error": error});
    assert_eq!(
        result,
        json!({"id": null, "status": "failed", "steps": [
            step("start", "completed", json!("out"), Value::Null),
            step("break", "failed", Value::Null, json!({"class": "broken", "reason": "no luck"})),
        ]})
    );
}

#[test]
fn everything_wrong_with_a_graph_is_said_at_once() {
    let data = data_dir();
    let file = data.path().join("bad.json");
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual", "data": {}},
            {"id": "wait", "type": "logic.delay", "data": {"config": {"for": "soon"}}},
            {"id": "beam", "type": "action.teleport", "data": {}},
        ],
        "edges": [{"id": "gone", "source": "start", "target": "nowhere"}, {"id": "ok", "source": "start", "target": "wait"}],
    });
    std::fs::write(&file, graph.to_string()).unwrap();
    for command in ["validate", "exec"] {
        let output = capstan(data.path()).args([command, "--json"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let result = last_json(&stdout(&output));
        assert_eq!(result["valid"], false);
        let problems = result["problems"].as_array().unwrap();
        for code in ["bad_span", "unknown_node_type", "dangling_edge"] {
            assert!(problems.iter().any(|problem| problem["code"] == code), "{code} is not in {problems:?}");
        }
        let output = capstan(data.path()).arg(command).arg(&file).output().unwrap();
        let table = stdout(&output);
        for place in ["node wait", "node beam", "edge gone"] {
            assert!(table.contains(place), "{table}");
        }
    }
}

#[test]
fn what_is_found_out_about_a_valid_graph_is_told_with_its_path() {
    let data = data_dir();
    let file = data.path().join("late.json");
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual", "data": {}},
            {"id": "ask", "type": "debug.noop", "data": {}},
            {"id": "sorry", "type": "debug.log", "data": {"config": {"message": "{{ steps.ask.name }}"}}},
        ],
        "edges": [
            {"id": "a", "source": "start", "target": "ask"},
            {"id": "b", "source": "ask", "target": "sorry", "data": {"kind": "error"}},
        ],
    });
    std::fs::write(&file, graph.to_string()).unwrap();
    let output = capstan(data.path()).args(["validate", "--json"]).arg(&file).output().unwrap();
    let proof = &last_json(&stdout(&output))["proof"];
    assert_eq!((&proof["complete"], &proof["findings"][0]["code"]), (&json!(true), &json!("always_null")));
    let output = capstan(data.path()).args(["validate", "late.json"]).current_dir(data.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stdout(&output),
        "\
warning always_null: node \"sorry\" reads step \"ask\", which has failed each time: it is null then, and the expression fails
   read another step than \"ask\", or connect the node where that step is done
   ├─ start  completed  port out
   └─ ask  failed  timeout
late.json is valid
at most 3 steps with 6 attempts
every path was looked at, with 1 finding
"
    );
}

#[test]
fn a_file_that_is_no_graph_is_bad_input() {
    let data = data_dir();
    let file = data.path().join("bad.json");
    let (nul, deep) = (b"{\"a\": \"\0\"}".to_vec(), "[".repeat(200_000).into_bytes());
    for content in [b"{".to_vec(), b"\xff\xfe".to_vec(), nul, deep, b"3".to_vec(), b"{}".to_vec()] {
        std::fs::write(&file, &content).unwrap();
        let output = capstan(data.path()).arg("validate").arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{:?}", String::from_utf8_lossy(&content[..content.len().min(20)]));
    }
    for arguments in [&["exec", EXAMPLE, "--input", "{"][..], &["exec", "no-such-file.json"], &["exec"], &["dance"]] {
        let output = capstan(data.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{arguments:?}");
    }
}

#[test]
fn what_needs_a_database_says_so() {
    let data = data_dir();
    for arguments in [
        &["serve"][..],
        &["worker"],
        &["migrate"],
        &["workspace", "create", "acme"],
        &["key", "create", "--workspace", "acme"],
    ] {
        let output = capstan(data.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("DATABASE_URL"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_workflow_that_calls_others_runs_with_what_its_pack_publishes() {
    let data = data_dir();
    prints(
        &data,
        SUB_WORKFLOW,
        None,
        "\
execution completed
├─ month    completed
├─ each     completed
│  └─ bill  completed
├─ sum      completed
└─ archive  completed
",
    );
}
