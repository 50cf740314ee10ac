//! A workspace under the target folder with one package per faulty core, built by one cargo.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Set for the tests of a faulty core: how many graphs to try.
const GRAPHS_VARIABLE: &str = "CAPSTAN_CORE_GRAPHS";

/// The tests of the core alone; only these have to notice a fault.
const FILTERS: [&str; 3] = ["properties::", "nested::", "tables"];

pub(crate) struct Scratch {
    root: PathBuf,
    engine: PathBuf,
}

pub(crate) struct Run {
    pub(crate) passed: bool,
    pub(crate) output: String,
}

impl Scratch {
    /// Makes a workspace of these packages; what was built before is kept.
    pub(crate) fn new<'a>(packages: impl Iterator<Item = &'a str>) -> Self {
        let engine = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations");
        fs::create_dir_all(&root).unwrap();
        let workspace = fs::read_to_string(engine.parent().unwrap().join("Cargo.toml")).unwrap();
        fs::write(root.join("Cargo.toml"), workspace_manifest(&workspace, packages)).unwrap();
        fs::copy(engine.parent().unwrap().join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
        Self { root, engine }
    }

    /// Adds a package whose core is ours after `change`, which gets each file's name and text.
    pub(crate) fn add(&self, name: &str, change: impl Fn(&str, String) -> String) {
        let package = self.root.join("packages").join(name);
        let core = self.engine.join("src/core");
        for file in sources(&core) {
            let path = file.strip_prefix(&core).unwrap();
            let text = change(path.to_str().unwrap(), fs::read_to_string(&file).unwrap());
            write_if_new(&package.join("src/core").join(path), &text);
        }
        write_if_new(&package.join("src/lib.rs"), "pub mod core;\n");
        let tests = self.engine.join("tests/core/main.rs");
        write_if_new(&package.join("Cargo.toml"), &package_manifest(name, &tests));
    }

    /// Builds all packages; the test executable of each, by its name.
    pub(crate) fn build(&self) -> HashMap<String, PathBuf> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--workspace", "--test", "core", "--no-run", "--offline", "--message-format", "json"]);
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", self.root.join("target"));
        // No build here is debugged or changed a little at a time.
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_INCREMENTAL", "0");
        // A faulty core may well have unused parts. Tests that are not run are left out.
        cargo.env("RUSTFLAGS", "--cap-lints=allow --cfg core_alone").env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = cargo.stdin(Stdio::null()).output().expect("cargo runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let messages: Vec<Value> =
            output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let rendered: String = messages.iter().filter_map(|message| message["message"]["rendered"].as_str()).collect();
        assert!(output.status.success(), "the scratch workspace does not build:\n{errors}\n{rendered}");
        messages.iter().filter_map(executable).collect()
    }

    /// Runs the property tests of one package.
    pub(crate) fn run(&self, executable: &Path, graphs: u32) -> Run {
        let mut test = Command::new(executable);
        test.args(FILTERS).env(GRAPHS_VARIABLE, graphs.to_string()).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        let output = test.output().expect("the test runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Run { passed: output.status.success(), output: text(&output.stdout) + &text(&output.stderr) }
    }
}

impl Run {
    /// What the test says first: the seed and what was wrong with it.
    pub(crate) fn first_failure(&self) -> String {
        let line = self.output.lines().find(|line| line.starts_with("seed ") || line.contains("arms that no graph"));
        line.unwrap_or("no seed").chars().take(200).collect()
    }
}

/// The versions and profiles of our own workspace, with other members.
fn workspace_manifest<'a>(ours: &str, packages: impl Iterator<Item = &'a str>) -> String {
    let rest = ours.split_once("[workspace.package]").expect("a section of the workspace").1;
    let rest = rest.split_once("\n[package]\n").expect("the root package comes last").0;
    let local = |line: &&str| !line.starts_with("capstan-");
    let rest: Vec<_> = rest.lines().filter(local).collect();
    let members: Vec<_> = packages.map(|name| format!("packages/{name}")).collect();
    format!("[workspace]\nmembers = {members:?}\nresolver = \"3\"\n\n[workspace.package]{}\n", rest.join("\n"))
}

fn package_manifest(name: &str, tests: &Path) -> String {
    let dependencies =
        ["chrono", "jsonschema", "minijinja", "petgraph", "serde", "serde_json", "sha2", "thiserror", "uuid"];
    let dependencies: String = dependencies.iter().map(|name| format!("{name}.workspace = true\n")).collect();
    format!(
        "[package]\nname = \"{name}\"\nedition.workspace = true\npublish = false\n\n\
         [lib]\nname = \"capstan_engine\"\ntest = false\ndoctest = false\n\n\
         [[test]]\nname = \"core\"\npath = {tests:?}\n\n\
         [dependencies]\n{dependencies}"
    )
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// Leaves a file alone that already says this, so that it is not compiled again.
fn write_if_new(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn executable(message: &Value) -> Option<(String, PathBuf)> {
    let package = message["package_id"].as_str()?;
    let name = package.split(['/', '#']).rfind(|part| part.starts_with("fault-") || *part == "sound")?;
    Some((name.to_owned(), PathBuf::from(message["executable"].as_str()?)))
}
