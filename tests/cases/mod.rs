//! `capstan test`, as CI runs it.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{ORDER, capstan, data_dir, last_json, stdout};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");

/// A graph of one condition, with these cases.
fn write(folder: &Path, cases: &Value) {
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual"},
            {"id": "rich", "type": "logic.condition", "data": {"config": {"condition": "{{ input.money > 5 }}"}}},
        ],
        "edges": [{"id": "a", "source": "start", "target": "rich"}],
    });
    std::fs::write(folder.join("w.json"), graph.to_string()).unwrap();
    std::fs::write(folder.join("w.tests.json"), cases.to_string()).unwrap();
}

#[test]
fn the_cases_of_all_examples_pass_without_a_database() {
    let data = data_dir();
    let output = capstan(data.path()).args(["test", "--json", EXAMPLES]).output().unwrap();
    let summary = last_json(&stdout(&output));
    assert_eq!((output.status.code(), &summary["failed"]), (Some(0), &json!(0)), "{}", stdout(&output));
    assert!(summary["passed"].as_u64().unwrap() >= 10 && summary["files"].as_u64().unwrap() >= 3, "{summary}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing is started for it");
    let output = capstan(data.path()).args(["test", ORDER]).output().unwrap();
    let last = "2 cases in 1 file: 2 passed, 0 failed";
    assert_eq!((output.status.code(), stdout(&output).lines().last()), (Some(0), Some(last)));
}

#[test]
fn a_case_that_fails_says_what_was_expected_and_what_came() {
    let folder = data_dir();
    let rich = |name: &str, path: &str| json!({"name": name, "input": {"money": 7}, "expect": {"path": [path]}});
    write(folder.path(), &json!([rich("good", "rich completed on true"), rich("bad", "rich completed on false")]));
    let output = capstan(folder.path()).arg("test").current_dir(folder.path()).output().unwrap();
    assert_eq!(
        stdout(&output),
        "\
✓ ./w.tests.json: good
✗ ./w.tests.json: bad
    path, step 1
      expected  rich completed on false
      came      rich completed on true
2 cases in 1 file: 1 passed, 1 failed
"
    );
    assert_eq!(output.status.code(), Some(1));
    let output = capstan(folder.path()).args(["test", "--json", "w.json"]).current_dir(folder.path()).output().unwrap();
    let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["mismatches"][0]["came"], "rich completed on true");
    assert_eq!((lines.len(), &lines[2]), (3, &json!({"passed": 1, "failed": 1, "files": 1})));
}

#[test]
fn a_file_that_cannot_be_used_keeps_every_case_from_running() {
    let folder = data_dir();
    write(folder.path(), &json!([{"name": "good"}, {"name": "odd", "expect": {"path": ["poor"]}}]));
    let output = capstan(folder.path()).args(["test", "w.tests.json"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(
        stdout(&output),
        "\
w.tests.json, case \"odd\", at /1/expect/path/0: the graph has no node \"poor\"
   correct the name of the step
"
    );
    assert_eq!(output.status.code(), Some(2));
    let output = capstan(folder.path()).args(["test", "--json", "none.json"]).output().unwrap();
    assert_eq!(
        (output.status.code(), &last_json(&stdout(&output))["problems"][0]["code"]),
        (Some(2), &json!("no_such_file"))
    );
}

#[test]
fn a_step_that_goes_on_at_several_ports_is_expected_with_all_of_them() {
    let folder = data_dir();
    let case = |port: &str, least: u32| json!({"port": port, "when": format!("{{{{ input.money > {least} }}}}")});
    let config = json!({"match": "all", "cases": [case("rich", 5), case("famous", 6), case("both", 9)]});
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual"},
            {"id": "who", "type": "logic.switch", "data": {"config": config}},
        ],
        "edges": [{"id": "a", "source": "start", "target": "who"}],
    });
    std::fs::write(folder.path().join("w.json"), graph.to_string()).unwrap();
    let case = |money: u32, path: &str| json!({"name": money.to_string(), "input": {"money": money}, "expect": {"path": [path]}});
    let cases = [
        case(7, "who completed on rich and famous"),
        case(6, "who completed on rich"),
        case(1, "who completed on default"),
        case(10, "who completed on rich and famous"),
    ];
    std::fs::write(folder.path().join("w.tests.json"), json!(cases).to_string()).unwrap();
    let output = capstan(folder.path()).arg("test").current_dir(folder.path()).output().unwrap();
    let told = stdout(&output);
    assert!(told.contains("came      who completed on rich and famous and both"), "{told}");
    assert!(told.ends_with("4 cases in 1 file: 3 passed, 1 failed\n"), "{told}");
    let odd = json!([case(7, "who completed on rich and poor")]);
    std::fs::write(folder.path().join("w.tests.json"), odd.to_string()).unwrap();
    let output = capstan(folder.path()).arg("test").current_dir(folder.path()).output().unwrap();
    assert!(stdout(&output).contains("has no output port \"poor\""), "{}", stdout(&output));
}
