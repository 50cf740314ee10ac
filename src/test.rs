//! `capstan test`

mod expected;
mod files;
mod judge;
mod suite;

use std::path::PathBuf;
use std::process::ExitCode;

use capstan_engine::core::simulate::simulate;
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{LocalRunner, WALL_TIME_MAX};
use clap::Args;

use crate::output::cases;
use crate::output::failure::BAD_INPUT;
use judge::{judge, path};
use suite::{Case, Suite};

pub(crate) use files::Fault;
pub(crate) use judge::Mismatch;

/// Which cases to run.
#[derive(Args, Debug)]
pub(crate) struct TestArgs {
    /// Workflow files with cases beside them (those of workflow.json are in workflow.tests.json), case files, or folders
    /// to be searched; the current folder if absent.
    paths: Vec<PathBuf>,
}

/// What a case came to.
pub(crate) struct Ran<'a> {
    /// The file that has it.
    pub(crate) file: String,
    /// Its name.
    pub(crate) case: &'a str,
    /// How it ended.
    pub(crate) status: &'static str,
    /// The steps that settled, in order.
    pub(crate) path: Vec<String>,
    /// What was expected and did not come.
    pub(crate) mismatches: Vec<Mismatch>,
}

/// Runs the cases, once all of them are loaded and checked; succeeds only if each comes out as it says.
pub(crate) fn run(args: &TestArgs, json: bool) -> anyhow::Result<ExitCode> {
    let registry = Registry::standard();
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { &here[..] } else { &args.paths };
    let suites = match load(paths, &registry) {
        Ok(suites) => suites,
        Err(faults) => {
            cases::print_faults(&faults, json);
            return Ok(ExitCode::from(BAD_INPUT));
        }
    };
    let (mut passed, mut failed) = (0, 0);
    for (suite, case) in suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case))) {
        let ran = one(suite, case, &registry)?;
        *(if ran.mismatches.is_empty() { &mut passed } else { &mut failed }) += 1;
        cases::print(&ran, json);
    }
    cases::print_summary(passed, failed, suites.len(), json);
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All suites; all faults if one of them has any.
fn load(paths: &[PathBuf], registry: &Registry) -> Result<Vec<Suite>, Vec<Fault>> {
    let (mut suites, mut faults) = (Vec::new(), Vec::new());
    for file in files::find(paths)? {
        match Suite::load(&file, registry) {
            Ok(suite) => suites.push(suite),
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(suites) } else { Err(faults) }
}

fn one<'a>(suite: &Suite, case: &'a Case, registry: &Registry) -> anyhow::Result<Ran<'a>> {
    let runner = LocalRunner::new(registry, WALL_TIME_MAX)?;
    let simulation = case.fitted.case(&suite.graph);
    let simulated = simulate(&simulation, &runner)?;
    Ok(Ran {
        file: suite.file.display().to_string(),
        case: &case.name,
        status: simulated.status(),
        path: path(&simulated).collect(),
        mismatches: judge(&case.expected, &simulation, &simulated),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::*;

    /// A request whose answer decides what is given back.
    fn graph() -> Value {
        json!({
            "nodes": [
                {"id": "start", "type": "trigger.manual"},
                {"id": "ask", "type": "action.http_request", "data": {"config": {"url": "http://example.com/{{ input.who }}"}}},
                {"id": "rich", "type": "logic.condition", "data": {"config": {"condition": "{{ steps.ask.body.money > 5 }}"}}},
                {"id": "done", "type": "data.set", "data": {"config": {"values": {"rich": "{{ steps.rich.result }}"}}}},
            ],
            "edges": [
                {"id": "a", "source": "start", "target": "ask"},
                {"id": "b", "source": "ask", "target": "rich"},
                {"id": "c", "source": "rich", "sourceHandle": "true", "target": "done"},
            ],
        })
    }

    fn folder(cases: &Value) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("w.json"), graph().to_string()).unwrap();
        std::fs::write(folder.path().join("w.tests.json"), cases.to_string()).unwrap();
        folder
    }

    fn mismatches(folder: &Path) -> Vec<Vec<Mismatch>> {
        let registry = Registry::standard();
        let suites = load(&[folder.to_owned()], &registry).unwrap();
        let cases = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)));
        cases.map(|(suite, case)| one(suite, case, &registry).unwrap().mismatches).collect()
    }

    /// The case of an answer of so much money, with those expectations.
    fn case(money: i64, expect: &Value) -> Value {
        let stubs = json!({"ask": {"output": {"status": 200, "body": {"money": money}}}});
        json!({"name": expect.to_string(), "input": {"who": "ada"}, "stubs": stubs, "expect": expect})
    }

    #[test]
    fn a_case_passes_that_comes_out_as_it_says() {
        let cases = json!([
            case(
                7,
                &json!({
                    "path": ["ask", "rich completed on true", "done completed"],
                    "output": {"rich": true},
                    "outputs": {"ask": {"status": 200, "body": {"money": 7.0}}},
                    "holds": ["steps.done.rich and input.who == 'ada'"],
                })
            ),
            case(1, &json!({"path": ["ask completed on out", "rich completed on false"], "holds": ["{{ steps.done == none }}"]})),
            {"name": "nobody answers", "expect": {"status": "stopped"}},
            {
                "name": "it breaks",
                "stubs": {"ask": {"error": {"class": "http_4xx", "reason": "gone", "final": true}}},
                "expect": {"error": {"class": "http_4xx", "node_id": "ask"}, "path": ["ask failed with http_4xx"]},
            },
            {
                "name": "enough",
                "stubs": {"ask": {"never": true}},
                "cancel": {"reason": "enough", "after_ms": 5},
                "expect": {"status": "cancelled", "error": {"reason": "enough"}, "path": []},
            },
        ]);
        assert_eq!(mismatches(folder(&cases).path()), vec![Vec::new(); 5]);
    }

    #[test]
    fn a_case_that_comes_out_otherwise_says_where_first() {
        let told = |field: &str, expected: &str, came: &str| Mismatch {
            field: field.into(),
            expected: expected.into(),
            came: came.into(),
        };
        let gone = json!({
            "name": "it breaks",
            "stubs": {"ask": {"error": {"class": "http_4xx", "reason": "gone", "final": true}}},
            "expect": {"outputs": {"ask": 1}},
        });
        let cases = json!([
            {"name": "no stub"},
            gone,
            case(1, &json!({"path": ["ask", "rich completed on true", "done"]})),
            case(1, &json!({"path": ["ask", "rich", "done"]})),
            case(7, &json!({"path": ["ask", "rich"], "output": {"rich": true, "more": 1}})),
            case(7, &json!({"outputs": {"ask": {"status": 200, "body": {"money": 8}}}, "holds": ["steps.ask.status == 1"]})),
            case(7, &json!({"error": {"class": "timeout"}})),
        ]);
        assert_eq!(
            mismatches(folder(&cases).path()),
            [
                vec![told(
                    "status",
                    "completed",
                    "stopped: these steps have effects and no stub: ask (give a stub for each of them, pin an output, \
                     or ask for \"unstubbed\": \"null\")",
                )],
                vec![
                    told("status", "completed", "failed, http_4xx at ask: gone"),
                    told("outputs of ask", "1", "nothing, it has not completed"),
                ],
                vec![told("path, step 2", "rich completed on true", "rich completed on false")],
                vec![told("path, step 3", "done completed", "nothing more")],
                vec![
                    told("path, step 3", "nothing more", "done completed on out"),
                    told("output at /more", "1", "nothing"),
                ],
                vec![
                    told("outputs of ask at /body/money", "8", "7"),
                    told("holds", "steps.ask.status == 1", "it does not hold"),
                ],
                vec![told("status", "failed", "completed"), told("error, class", "timeout", "no error")],
            ]
        );
    }

    #[test]
    fn every_fault_of_every_file_is_told_before_anything_runs() {
        let good = json!({"name": "good"});
        for (cases, pointer, code) in [
            (json!({}), "", "bad_cases"),
            (json!([]), "", "bad_cases"),
            (json!([1]), "/0", "bad_case"),
            (json!([{"nam": "x"}]), "/0", "bad_case"),
            (json!([good, good]), "/1", "bad_case"),
            (json!([{"name": "x", "inputs": 1}]), "/0", "bad_case"),
            (
                json!([{"name": "x", "of_execution": "01890a5d-ac96-774b-bcce-b302099a8057"}]),
                "/0/of_execution",
                "bad_case",
            ),
            (json!([{"name": "x", "stubs": {"ask": {}}}]), "/0/stubs", "bad_case"),
            (json!([{"name": "x", "stubs": {"ask": {"output": 1, "port": "up"}}}]), "/0/stubs", "bad_case"),
            (json!([{"name": "x", "trigger": "nobody"}]), "/0/trigger", "bad_case"),
            (json!([{"name": "x", "expect": {"state": 1}}]), "/0/expect", "bad_case"),
            (json!([{"name": "x", "expect": {"status": "done"}}]), "/0/expect", "bad_case"),
            (json!([{"name": "x", "expect": {"path": ["aks"]}}]), "/0/expect/path/0", "bad_case"),
            (json!([{"name": "x", "expect": {"path": ["ask went on"]}}]), "/0/expect/path/0", "bad_case"),
            (json!([{"name": "x", "expect": {"path": ["rich completed on up"]}}]), "/0/expect/path/0", "bad_case"),
            (json!([{"name": "x", "expect": {"outputs": {"aks": 1}}}]), "/0/expect/outputs", "bad_case"),
            (json!([{"name": "x", "expect": {"holds": ["1 +"]}}]), "/0/expect/holds/0", "bad_case"),
        ] {
            let folder = folder(&cases);
            let other = json!([{"name": "y", "odd": 1}]).to_string();
            std::fs::write(folder.path().join("lost.tests.json"), other).unwrap();
            let faults = load(&[folder.path().to_owned()], &Registry::standard()).err().unwrap();
            let found: Vec<(&str, &str)> =
                faults.iter().map(|fault| (fault.problem.pointer.as_str(), fault.problem.code.as_str())).collect();
            assert_eq!(found, [("", "unreadable_file"), (pointer, code)], "{cases}: {faults:?}");
        }
        let empty = tempfile::tempdir().unwrap();
        std::fs::write(empty.path().join("w.json"), "{}").unwrap();
        for (path, code, told) in [
            (empty.path().to_owned(), "no_cases", "ends with .tests.json"),
            (empty.path().join("w.json"), "no_cases", "w.tests.json does not exist"),
            (empty.path().join("none.json"), "no_such_file", "none.json does not exist"),
            (empty.path().join("none.tests.json"), "no_such_file", "none.tests.json does not exist"),
        ] {
            let faults = load(std::slice::from_ref(&path), &Registry::standard()).err().unwrap();
            let problem = &faults[0].problem;
            assert!(problem.code == code && problem.detail.contains(told) && !problem.hint.is_empty(), "{faults:?}");
        }
    }
}
