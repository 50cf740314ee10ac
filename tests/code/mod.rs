//! `action.code` in real children of the real program, and what they can reach.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use capstan_node_types::code_runner::protocol::{Class, Job, Limits};
use capstan_node_types::node_type::{LogLevel, LogSink};
use capstan_node_types::services::code::{CodeError, CodeRunner, RunnerProgram};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{PATIENCE, Running, capstan, data_dir};

/// Longer than the test, for code that is looked at while it runs.
const LONG_MS: u64 = 40_000;
const SOON_MS: u64 = 300;
const LOOK_EVERY: Duration = Duration::from_millis(5);
const PRICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/code/workflow.json");

/// Keeps what the code wrote.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl LogSink for Lines {
    fn log(&self, level: LogLevel, message: &str) {
        self.0.lock().unwrap().push(format!("{} {message}", level.as_str()));
    }
}

fn runner() -> CodeRunner {
    CodeRunner::new(RunnerProgram { program: env!("CARGO_BIN_EXE_capstan").into(), args: vec!["code-runner".into()] })
}

async fn run(runner: &CodeRunner, code: &str, timeout_ms: u64, lines: &Lines) -> Result<Value, CodeError> {
    let job = Job { code: code.into(), input: json!([1, 2]), now_ms: 0, seed: 7 };
    runner.run(&job, Limits { timeout_ms, memory_bytes: 32 << 20 }, lines).await
}

fn class(result: Result<Value, CodeError>) -> Class {
    match result {
        Err(CodeError::Code(failure)) => failure.class,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_graph_with_code_runs() {
    let data = data_dir();
    crate::prints(
        &data,
        PRICES,
        None,
        "\
execution completed
├─ order     completed
├─ price     completed
├─ careless  failed     code_timeout: the code took longer than 200 ms
└─ note      completed
",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_code_does_the_next_run_works() {
    let (runner, lines) = (runner(), Lines::default());
    for (code, expected) in [
        ("while (true) {}", Class::Timeout),
        // Its engine hardly looks at the clock here: the limit of processor time ends it.
        ("const all = Array(20000).fill('abcdefgh'); while (true) JSON.stringify(all)", Class::Timeout),
        ("const all = []; while (true) all.push(new Uint8Array(1 << 20).fill(1))", Class::Memory),
        ("const f = () => f() + 1; f()", Class::Error),
        ("return 'x'.repeat(1 << 20)", Class::Output),
        ("for (let n = 0; n < 1e7; n++) console.log(n)", Class::Timeout),
        ("throw new Error('no')", Class::Error),
    ] {
        assert_eq!(class(run(&runner, code, SOON_MS, &lines).await), expected, "{code}");
        assert_eq!(run(&runner, "return input[0] + input[1]", LONG_MS, &lines).await.unwrap(), 3);
    }
    let lines = lines.0.lock().unwrap();
    assert!(
        lines.len() == 991 && lines[0] == "info 0" && lines[990].starts_with("warn further lines"),
        "{}",
        lines.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_no_runner_is_told_apart_from_bad_code() {
    for program in ["/no/such/program", "/bin/true", "/bin/false"] {
        let runner = CodeRunner::new(RunnerProgram { program: program.into(), args: Vec::new() });
        let result = run(&runner, "return 1", LONG_MS, &Lines::default()).await;
        assert!(matches!(result, Err(CodeError::Start(_))), "{program}: {result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_that_cannot_be_confined_gets_no_code() {
    // Its only word, as the protocol has it: a length, and what it lacks.
    let word = r#"{"unconfined":{"lack":"a filter"}}"#;
    let says = format!("printf '\\{:03o}\\000\\000\\000%s' '{word}'; cat >/dev/null", word.len());
    let runner = CodeRunner::new(RunnerProgram { program: "/bin/sh".into(), args: vec!["-c".into(), says] });
    let refused = run(&runner, "return 1", LONG_MS, &Lines::default()).await.unwrap_err();
    assert!(
        matches!(&refused, CodeError::Start(error) if error.to_string().contains("it lacks a filter")),
        "{refused}"
    );
}

/// Long enough to find the child while it runs.
const FOUND_MS: u64 = 3_000;

#[test]
fn a_child_has_nothing_of_its_worker_and_one_that_is_killed_is_replaced() {
    let data = data_dir();
    let config = json!({"code": "while (true) {}", "timeout_ms": FOUND_MS});
    let graph = json!({
        "nodes": [
            {"id": "start", "type": "trigger.manual"},
            {"id": "spin", "type": "action.code", "data": {"config": config, "policy": {"retry": {"delay_ms": 1}}}},
        ],
        "edges": [{"id": "a", "source": "start", "target": "spin"}],
    });
    let file = data.path().join("spin.json");
    fs::write(&file, graph.to_string()).unwrap();
    let worker = Running::start(capstan(data.path()).args(["--json", "exec"]).arg(&file).env("SECRET", "hush"));

    let child = child_of(worker.id());
    assert!(read(worker.id(), "environ").contains("hush"));
    assert_eq!(read(child, "environ"), "TZ=UTC0\0");
    let files: BTreeSet<String> = fs::read_dir(format!("/proc/{child}/fd"))
        .unwrap()
        .map(|file| fs::read_link(file.unwrap().path()).unwrap().display().to_string())
        .collect();
    let kinds: Vec<&str> = files.iter().map(|file| file.split(':').next().unwrap()).collect();
    assert_eq!(kinds, ["/dev/null", "pipe", "pipe"], "two pipes, and no connection to a database: {files:?}");
    let status = read(child, "status");
    for line in ["NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"] {
        assert!(status.contains(line), "{line} is not in {status}");
    }
    if nix::unistd::geteuid().is_root() {
        assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
    }
    kill(Pid::from_raw(child.cast_signed()), Signal::SIGKILL).unwrap();

    let result = worker.json_with("steps");
    let spin = &result["steps"][1];
    assert_eq!((&spin["status"], &spin["attempts"]), (&json!("failed"), &json!(2)), "{result}");
    assert_eq!(spin["error"]["class"], "code_timeout");
}

/// The runner that a worker has started, once there is one and it is confined.
fn child_of(worker: u32) -> u32 {
    let since = Instant::now();
    loop {
        let all = fs::read_dir("/proc").unwrap().flatten();
        let all = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let status = |id: u32| fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let is_it = |id: &u32| {
            let status = status(*id);
            status.contains(&format!("PPid:\t{worker}\n"))
                && status.starts_with("Name:\tcapstan-code")
                && status.contains("Seccomp:\t2")
        };
        if let Some(child) = all.into_iter().find(is_it) {
            return child;
        }
        assert!(since.elapsed() < PATIENCE, "no code runs");
        std::thread::sleep(LOOK_EVERY);
    }
}

fn read(process: u32, what: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/{what}")).unwrap()
}
