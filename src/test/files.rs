//! Which case files there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use capstan_engine::core::problem::Problem;

use crate::document;

/// How the name of a case file ends; that of its graph ends with `.json` instead.
const ENDING: &str = ".tests.json";
/// Deepest nesting of folders that are searched.
const DEPTH_MAX: usize = 32;
/// Most entries of folders that are looked at.
const ENTRIES_MAX: usize = 200_000;
/// Folders that hold what others made.
const NOT_SEARCHED: [&str; 2] = ["target", "node_modules"];

/// Something wrong with a file or a case.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The file.
    pub(crate) file: String,
    /// The case, if it is one that has a name.
    pub(crate) case: Option<String>,
    /// What is wrong; its pointer leads into the file.
    pub(crate) problem: Problem,
}

impl Fault {
    /// Of a file as a whole.
    pub(super) fn of(file: &Path, problem: Problem) -> Self {
        Self { file: file.display().to_string(), case: None, problem }
    }
}

/// The graph that a case file is about.
pub(super) fn graph_of(case_file: &Path) -> PathBuf {
    let name = case_file.file_name().unwrap_or_default().to_string_lossy();
    case_file.with_file_name(format!("{}.json", name.strip_suffix(ENDING).unwrap_or(&name)))
}

/// The case files that `paths` name or hold, each once, in order.
pub(super) fn find(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Vec<Fault>> {
    let (mut found, mut faults, mut left) = (BTreeSet::new(), Vec::new(), ENTRIES_MAX);
    for path in paths {
        let before = found.len();
        let file = if is_case_file(path) { path.clone() } else { path.with_extension(&ENDING[1..]) };
        if path.is_dir() {
            search(path, DEPTH_MAX, &mut left, &mut found);
        } else if file.is_file() {
            found.insert(file);
            continue;
        }
        if found.len() == before {
            faults.push(no_cases(path));
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

fn is_case_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING))
}

/// What cannot be read, and links, which may lead in a circle, are passed over.
fn search(folder: &Path, depth: usize, left: &mut usize, found: &mut BTreeSet<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let (Some(fewer), Ok(kind)) = (left.checked_sub(1), entry.file_type()) else { return };
        *left = fewer;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if kind.is_file() && is_case_file(&path) {
            found.insert(path);
        } else if kind.is_dir() && depth > 0 && !name.starts_with('.') && !NOT_SEARCHED.contains(&name.as_str()) {
            search(&path, depth - 1, left, found);
        }
    }
}

fn no_cases(path: &Path) -> Fault {
    let name = path.display();
    if !path.exists() {
        let hint = "correct the path; without any, the cases below this folder are run";
        return Fault::of(path, *document::problem("no_such_file", format!("{name} does not exist"), hint));
    }
    let (detail, hint) = if path.is_dir() {
        (
            format!("no file in {name} ends with {ENDING}"),
            "write cases of workflow.json into workflow.tests.json beside it".into(),
        )
    } else {
        let beside = path.with_extension(&ENDING[1..]);
        let hint =
            format!("write them there, or have one written: capstan execution case ID --into {}", beside.display());
        (format!("{name} has no cases: {} does not exist", beside.display()), hint)
    };
    Fault::of(path, *document::problem("no_cases", detail, &hint))
}
