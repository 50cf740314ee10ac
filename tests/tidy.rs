//! How the sources are kept: small files, a pure core, one runtime file, arrows between crates that point one way.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use capstan_api::metrics::catalogue::{METRICS, page};
use sha2::{Digest, Sha256};
use toml::Table;

/// A longer file gives its reason: a line with `reason:` within its first [`HEAD_LINES`].
const FILE_LINES_MAX: usize = 400;
/// Half of the Rust files are no longer.
const MEDIAN_LINES_MAX: usize = 150;
const HEAD_LINES: usize = 10;
const REASON: &str = "reason:";
/// How the unit tests at the end of a file begin.
const UNIT_TESTS: &str = "#[cfg(test)]\nmod tests {";
/// Folders that hold no sources, where there is no git to ask.
const NOT_SOURCES: [&str; 2] = ["target", "node_modules"];

const CORE: &str = "engine/src/core/";
/// What a pure core never names. Its tests may measure time.
const IMPURE: [&str; 8] =
    ["async", "tokio", "sqlx", "SystemTime::now", "Instant::now", "Utc::now", "rand", "crate::store"];
const RUNTIME: &str = "worker/src/runtime.rs";
/// The sum of each migration, as `sha256sum` prints it.
const SUMS: &str = "migrations/SHA256SUMS";

/// The crates and the crates that each may depend on, in folders; the root package may use all.
const ARROWS: [(&str, &[&str]); 8] = [
    ("private-postgres", &[]),
    ("model", &[]),
    ("engine", &[]),
    ("domain", &["engine"]),
    ("node-types", &["engine", "domain"]),
    ("worker", &["engine", "domain", "node-types"]),
    ("api", &["engine", "domain", "node-types"]),
    // Looks at the product from outside; only its tests compile graphs.
    ("chaos", &["private-postgres", "model", "engine", "node-types"]),
];
/// Tests of every crate may start a database, and replay what was recorded.
const TEST_CRATES: &[&str] = &["private-postgres", "model"];

#[test]
fn a_migration_is_never_edited_once_databases_have_it() {
    let sums = fs::read_to_string(SUMS).unwrap();
    let migrations = ["control", "cell"].map(|kind| fs::read_dir(format!("migrations/{kind}")).unwrap());
    for path in migrations.into_iter().flatten().map(|entry| entry.unwrap().path()) {
        let digest = Sha256::digest(fs::read(&path).unwrap());
        let sum: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = path.strip_prefix("migrations").unwrap().display().to_string();
        assert!(
            sums.contains(&format!("{sum}  {path}\n")),
            "{path} is not as {SUMS} knows it: what databases may have already goes into a new migration, \
             and a new one is listed there: (cd migrations && sha256sum {path} >> SHA256SUMS)"
        );
    }
}

#[test]
fn a_new_migration_is_compiled_in_by_the_next_build() {
    let built_anew = fs::read_to_string("engine/build.rs").unwrap();
    assert!(built_anew.contains("cargo::rerun-if-changed=../migrations/{kind}"));
    let embedded = fs::read_to_string("engine/src/store/migrate.rs").unwrap();
    for kind in ["control", "cell"] {
        assert!(
            embedded.contains(&format!("migrate!(\"../migrations/{kind}\")")),
            "{kind} moved: engine/build.rs, too"
        );
        assert!(built_anew.contains(&format!("{kind:?}")), "engine/build.rs does not watch migrations/{kind}");
    }
}

#[test]
fn every_metric_is_in_the_list_in_the_docs_and_no_dashboard_shows_another() {
    let listed: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let mut counted = BTreeSet::new();
    for file in sources(&["rs"]).into_iter().filter(|file| !file.path.contains("tests/")) {
        for call in ["counter!(\"capstan_", "gauge!(\"capstan_", "histogram!(\"capstan_"] {
            for (at, _) in file.text.match_indices(call) {
                let name = file.text[at..].split('"').nth(1).unwrap().to_owned();
                let kind = METRICS.iter().find(|metric| metric.name == name).map(|metric| format!("{:?}", metric.kind));
                let macro_name = call.split('!').next().unwrap();
                assert_eq!(
                    kind.map(|kind| kind.to_lowercase()).as_deref(),
                    Some(macro_name),
                    "{name} in {}",
                    file.path
                );
                counted.insert(name);
            }
        }
    }
    assert!(
        counted.iter().map(String::as_str).eq(listed.iter().copied()),
        "listed, but not counted: {listed:?} {counted:?}"
    );
    assert_eq!(fs::read_to_string("docs/metrics.md").unwrap(), page(), "docs/metrics.md is not made of the list");
    let dashboard = fs::read_to_string("deploy/grafana/capstan.json").unwrap();
    assert_eq!(metrics_in(&dashboard), listed, "the dashboard shows what is counted, all of it");
    let rules = fs::read_to_string("deploy/prometheus/capstan.rules.yaml").unwrap();
    let unknown: Vec<_> = metrics_in(&rules).difference(&listed).copied().collect();
    assert_eq!(unknown, Vec::<&str>::new(), "nobody is woken by what is not counted");
}

/// The metrics whose series a text names.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("capstan_")).map(without_suffix).collect()
}

/// The name of a histogram, of one of its series.
fn without_suffix(series: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| series.strip_suffix(end)).unwrap_or(series)
}

#[test]
fn files_are_small_or_say_why_not() {
    let long: Vec<String> = sources(&["rs", "sql", "ts"])
        .into_iter()
        .filter(|file| file.lines() > FILE_LINES_MAX && !file.head().any(|line| line.contains(REASON)))
        .map(|file| format!("{}: {} lines", file.path, file.lines()))
        .collect();
    assert!(long.is_empty(), "over {FILE_LINES_MAX} lines without a line `{REASON} …` in the head: {long:#?}");

    let mut lines: Vec<usize> = sources(&["rs"]).iter().map(Source::lines).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN_LINES_MAX, "half of the Rust files have more than {median} lines");
}

#[test]
fn the_core_is_pure() {
    let core = sources(&["rs"]).into_iter().filter(|file| file.path.starts_with(CORE) && !file.is_test());
    let found: Vec<String> = core.flat_map(|file| file.naming(&IMPURE)).collect();
    assert!(found.is_empty(), "engine::core decides without async, SQL, clock and randomness: {found:#?}");
}

#[test]
fn one_file_names_the_runtime_and_only_the_core_names_the_graph_library() {
    let product: Vec<Source> = sources(&["rs"]).into_iter().filter(Source::is_product).collect();
    let outside = |allowed: &str, word: &str| -> Vec<String> {
        product.iter().filter(|file| !file.path.starts_with(allowed)).flat_map(|file| file.naming(&[word])).collect()
    };
    assert_eq!(outside(RUNTIME, "apalis"), Vec::<String>::new());
    assert_eq!(outside(RUNTIME, "apalis_core"), Vec::<String>::new());
    assert_eq!(outside(CORE, "petgraph"), Vec::<String>::new());
}

#[test]
fn arrows_between_crates_point_one_way() {
    let root = manifest(".");
    let mut members: Vec<&str> =
        root["workspace"]["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap()).collect();
    let mut known: Vec<&str> = ARROWS.iter().map(|(folder, _)| *folder).collect();
    members.sort_unstable();
    known.sort_unstable();
    assert_eq!(members, known, "a new crate needs its place in the arrows");
    for (folder, allowed) in ARROWS {
        let manifest = manifest(folder);
        for (section, more) in
            [("dependencies", &[][..]), ("build-dependencies", &[][..]), ("dev-dependencies", TEST_CRATES)]
        {
            for found in own_crates(&manifest, section) {
                let good = allowed.contains(&found.as_str()) || more.contains(&found.as_str());
                assert!(good, "{folder} must not have {found} among its {section}");
            }
        }
    }
}

#[test]
fn the_readme_lists_every_setting() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let settings = fs::read_to_string(root().join("src/config.rs")).unwrap();
    let missing: Vec<&str> = settings
        .split("env = \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !readme.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "the table of settings in README.md lacks {missing:?}");
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let broken: Vec<String> = sources(&["md"])
        .into_iter()
        .flat_map(|page| {
            let folder = root().join(&page.path).parent().unwrap().to_owned();
            let links: Vec<String> =
                page.text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.into())).collect();
            links
                .into_iter()
                .filter(|link| !link.contains("://") && !link.starts_with('#') && !link.contains(char::is_whitespace))
                .filter(move |link| !folder.join(link.split('#').next().unwrap_or_default()).exists())
                .map(move |link| format!("{}: {link}", page.path))
        })
        .collect();
    assert!(broken.is_empty(), "links to files that do not exist: {broken:#?}");
}

/// The project's own crates in a section of a manifest, by folder.
fn own_crates(manifest: &Table, section: &str) -> Vec<String> {
    let names = manifest.get(section).and_then(|section| section.as_table()).into_iter().flat_map(Table::keys);
    names.filter_map(|name| name.strip_prefix("capstan-").map(Into::into)).collect()
}

fn manifest(folder: &str) -> Table {
    fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap().parse().unwrap()
}

/// One source file; its path is relative to the root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn lines(&self) -> usize {
        self.text.lines().count()
    }

    fn head(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take(HEAD_LINES)
    }

    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part.starts_with("tests"))
    }

    fn is_product(&self) -> bool {
        self.path.starts_with("src/") || self.path.contains("/src/")
    }

    /// Where its code, comments and unit tests aside, has one of `words`.
    fn naming(&self, words: &[&str]) -> Vec<String> {
        let code = self.text.split(UNIT_TESTS).next().unwrap_or_default();
        let code = code.lines().map(|line| line.split("//").next().unwrap_or_default());
        let found = |(at, line): (usize, &str)| {
            let word = words.iter().find(|word| has_word(line, word))?;
            Some(format!("{}:{} names {word}", self.path, at + 1))
        };
        code.enumerate().filter_map(found).collect()
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(extensions: &[&str]) -> Vec<Source> {
    let wanted = |path: &PathBuf| path.extension().is_some_and(|it| extensions.iter().any(|known| it == *known));
    let files = listed_by_git().unwrap_or_else(|| walked(root())).into_iter().filter(wanted);
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root().join(&path)).ok()?;
        Some(Source { path: path.to_str()?.replace('\\', "/"), text })
    };
    let found: Vec<Source> = files.filter_map(read).collect();
    assert!(!found.is_empty(), "no sources found below {}", root().display());
    found
}

/// Tracked files and new ones that are not ignored; nothing where git or its folder is missing.
fn listed_by_git() -> Option<Vec<PathBuf>> {
    let list = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let list = String::from_utf8(list.stdout).ok()?;
    Some(list.split_terminator('\0').map(Into::into).collect())
}

fn walked(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.');
            if !entry.file_type().unwrap().is_dir() {
                return vec![entry.path().strip_prefix(root()).unwrap().to_owned()];
            }
            if hidden || NOT_SOURCES.iter().any(|other| name == *other) { Vec::new() } else { walked(&entry.path()) }
        })
        .collect()
}
