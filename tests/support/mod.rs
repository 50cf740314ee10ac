//! Runs the real binary in a throw-away data folder.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything: far more than it takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Time between two looks at something that cannot tell by itself.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// An example with containers, as it lies in the repository.
pub(crate) const ORDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/order/workflow.json");
/// A hook that answers before it ends.
pub(crate) const QUOTE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quote/workflow.json");
/// The example, as it lies in the repository.
pub(crate) const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/lead-automation/workflow.json");

/// A folder for the private cluster of one test, that its unprivileged server can enter.
pub(crate) fn data_dir() -> TempDir {
    let open = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("capstan-test-").permissions(open).tempdir().unwrap()
}

/// The binary with no settings but the data folder and a free port.
pub(crate) fn capstan(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capstan"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name == "DATABASE_URL" || (name.starts_with("CAPSTAN_") && name != "CAPSTAN_POSTGRES_BIN") {
            command.env_remove(name);
        }
    }
    command.env("CAPSTAN_DATA_DIR", data).env("CAPSTAN_LISTEN", "127.0.0.1:0").stdin(Stdio::null());
    command
}

/// Standard output of a run that ended.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The last line, as JSON.
pub(crate) fn last_json(text: &str) -> Value {
    let last = text.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last:?}"))
}

/// A process that runs on while the test looks at it; killed when it is dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    /// The next line that it prints.
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing was printed for {PATIENCE:?}"),
        }
    }

    /// The next line that is JSON with the field `name`.
    pub(crate) fn json_with(&self, name: &str) -> Value {
        while let Some(line) = self.line() {
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if value.get(name).is_some() {
                return value;
            }
        }
        panic!("it ended without saying {name}");
    }

    /// The next event of that name.
    pub(crate) fn event(&self, name: &str) -> Value {
        loop {
            let event = self.json_with("event");
            if event["event"] == name {
                return event;
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ctrl-C, and how it ended.
    pub(crate) fn interrupt(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]).status().unwrap().success());
        self.wait()
    }

    /// How it ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None => assert!(since.elapsed() < PATIENCE, "it does not end"),
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The API of a running `capstan dev`.
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// From its `ready` event.
    pub(crate) fn new(ready: &Value) -> Self {
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { http, url: text("url"), key: text("api_key") }
    }

    /// The body of a page or resource.
    pub(crate) async fn get(&self, path: &str) -> String {
        self.get_after(path, None).await
    }

    /// The same from an event on.
    pub(crate) async fn get_after(&self, path: &str, last_event: Option<&str>) -> String {
        let answer = self.answer(path, last_event).await;
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(status.is_success(), "GET {path}: {status} {body}");
        body
    }

    /// The answer to a body, which is taken.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer =
            self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.key).json(body).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "POST {path}: {status} {body}");
        body
    }

    /// The page that comes of a form, sent without a key.
    pub(crate) async fn press(&self, url: &str, form: &str) -> String {
        let request = self.http.post(url).header("Content-Type", "application/x-www-form-urlencoded");
        let answer = request.body(form.to_owned()).send().await.unwrap();
        let status = answer.status();
        let page = answer.text().await.unwrap();
        assert!(status.is_success(), "POST {url}: {status} {page}");
        page
    }

    async fn answer(&self, path: &str, last_event: Option<&str>) -> Response {
        let mut request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.key);
        if let Some(last) = last_event {
            request = request.header("Last-Event-ID", last);
        }
        request.send().await.unwrap()
    }

    /// The execution with its steps.
    pub(crate) async fn execution(&self, id: &str) -> Value {
        serde_json::from_str(&self.get(&format!("/api/v1/executions/{id}")).await).unwrap()
    }

    /// The execution, once its step `node` has that status.
    pub(crate) async fn until_step(&self, id: &str, node: &str, status: &str) -> Value {
        self.until(id, &format!("step {node} {status}"), |execution| step(execution, node)["status"] == status).await
    }

    /// The execution, once it has that status.
    pub(crate) async fn until_status(&self, id: &str, status: &str) -> Value {
        self.until(id, status, |execution| execution["status"] == status).await
    }

    /// The execution, once `is_so` holds of it. While the database is away it is asked for again.
    async fn until(&self, id: &str, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let answer = self.answer(&format!("/api/v1/executions/{id}"), None).await;
            if answer.status() == StatusCode::SERVICE_UNAVAILABLE && since.elapsed() < PATIENCE {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            assert!(answer.status().is_success(), "execution {id}: {}", answer.status());
            let execution: Value = answer.json().await.unwrap();
            if is_so(&execution) {
                return execution;
            }
            assert!(since.elapsed() < PATIENCE, "never is {what}: {execution:#}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Sends a signal again and again until it is accepted.
    pub(crate) async fn until_signalled(&self, id: &str, signal: &str, payload: &Value) {
        let since = Instant::now();
        let url = format!("{}/api/v1/executions/{id}/signals/{signal}", self.url);
        loop {
            let answer = self.http.post(&url).bearer_auth(&self.key).header("Idempotency-Key", "once").json(payload);
            let status = answer.send().await.unwrap().status();
            if status == 202 {
                return;
            }
            assert!(status == 503 && since.elapsed() < PATIENCE, "the signal is answered with {status}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Sends what a curl line of the guide sends.
    pub(crate) async fn send_curl(&self, line: &str) -> (u16, Value) {
        // A shell knows best where words end.
        let words = line.trim().replacen("curl", "printf '%s\\n'", 1);
        let words = Command::new("sh").args(["-c", &words]).output().unwrap();
        let words: Vec<&str> = std::str::from_utf8(&words.stdout).unwrap().lines().collect();
        let after =
            |flag: &str| words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1]).collect::<Vec<_>>();
        let url = words.iter().find(|word| word.starts_with("http")).unwrap();
        let mut request = match after("-d").first() {
            Some(body) => self.http.post(*url).body((*body).to_owned()),
            None => self.http.get(*url),
        };
        for header in after("-H") {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// The step of that node; null if it is not shown.
pub(crate) fn step<'a>(execution: &'a Value, node: &str) -> &'a Value {
    let steps = execution["steps"].as_array().unwrap();
    steps.iter().find(|step| step["node_id"] == node).unwrap_or(&Value::Null)
}
