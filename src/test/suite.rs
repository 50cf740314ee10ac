//! A case file with its graph, checked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use capstan_engine::core::graph::Graph;
use capstan_engine::core::problem::Problem;
use capstan_engine::core::simulate::Stubs;
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::{Fitted, LocalRunner, Unfit, WALL_TIME_MAX, Wish};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::expected::Expected;
use super::files::{Fault, graph_of};
use crate::document::{self, problem};
use crate::pack::Pack;

/// Most cases of one file.
const CASES_MAX: usize = 1_000;
/// When a case begins that does not say it: always the same time, as cases have to come out alike each day. The first
/// second of the year 2000.
const NOW_S: i64 = 946_684_800;

/// The cases of one graph.
pub(super) struct Suite {
    /// Where they are.
    pub(super) file: PathBuf,
    /// What they are about.
    pub(super) graph: Graph,
    /// In the order of the file.
    pub(super) cases: Vec<Case>,
}

/// One case, which fits the graph.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) fitted: Fitted,
    pub(super) expected: Expected,
}

/// What a case is checked against.
struct About<'a> {
    document: &'a Value,
    graph: &'a Graph,
    pack: &'a Pack,
    runner: &'a LocalRunner<'a>,
}

impl Suite {
    /// The cases in the file at `file` with the graph beside it; everything that is wrong if they cannot be run.
    pub(super) fn load(file: &Path, registry: &Registry) -> Result<Self, Vec<Fault>> {
        let whole = |problem: Box<Problem>| vec![Fault::of(file, *problem)];
        let (document, pack, graph) = graph(&graph_of(file), registry)?;
        let cases = document::read(file).and_then(list).map_err(whole)?;
        let runner = LocalRunner::new(registry, WALL_TIME_MAX)
            .map_err(|error| whole(problem("no_runner", error.to_string(), "correct the settings of this system")))?;
        let about = About { document: &document, graph: &graph, pack: &pack, runner: &runner };
        let (mut names, mut read, mut faults) = (HashSet::new(), Vec::new(), Vec::new());
        for (index, written) in cases.into_iter().enumerate() {
            let name = written["name"].as_str().map(str::to_owned);
            let case = about.read(written).and_then(|case| match names.insert(case.name.clone()) {
                true => Ok(case),
                false => Err(bad("", format!("another case is named {:?}, too", case.name), "give it another name")),
            });
            match case {
                Ok(case) => read.push(case),
                Err(mut problem) => {
                    problem.pointer.insert_str(0, &format!("/{index}"));
                    faults.push(Fault { file: file.display().to_string(), case: name, problem: *problem });
                }
            }
        }
        if faults.is_empty() { Ok(Self { file: file.to_owned(), graph, cases: read }) } else { Err(faults) }
    }
}

/// The graph in the file at `path` as it would be published, its pack, and the document as it is.
fn graph(path: &Path, registry: &Registry) -> Result<(Value, Pack, Graph), Vec<Fault>> {
    let read = || {
        let document = document::read(path)?;
        let pack = Pack::beside(path)?;
        let filled = pack.filled(&document)?;
        Ok((document, pack, filled))
    };
    let (document, pack, filled) = read().map_err(|problem: Box<Problem>| vec![Fault::of(path, *problem)])?;
    let graph = registry.compile(&filled);
    let graph = graph.map_err(|problems| problems.into_iter().map(|it| Fault::of(path, it)).collect::<Vec<_>>())?;
    Ok((document, pack, graph))
}

fn list(written: Value) -> Result<Vec<Value>, Box<Problem>> {
    let bad = |detail: String| problem("bad_cases", detail, "write a list of cases: see docs/testing.md");
    match written {
        Value::Array(cases) if (1..=CASES_MAX).contains(&cases.len()) => Ok(cases),
        Value::Array(cases) => Err(bad(format!("it has {} cases; 1 to {CASES_MAX} are possible", cases.len()))),
        _ => Err(bad("it is no list of cases".into())),
    }
}

impl About<'_> {
    fn read(&self, written: Value) -> Result<Case, Box<Problem>> {
        let Value::Object(mut fields) = written else {
            return Err(bad("", "it is no object".into(), "write {\"name\": …, \"input\": …, \"expect\": …}"));
        };
        let Some(Value::String(name)) = fields.remove("name") else {
            return Err(bad("", "it has no name".into(), "give it a \"name\" that says what it shows"));
        };
        let expected = fields.remove("expect").unwrap_or_else(|| Value::Object(Map::new()));
        let expected = Expected::deserialize(&expected)
            .map_err(|error| bad("/expect", error.to_string(), "see docs/testing.md for what can be expected"))?;
        expected.check(self.graph)?;
        Ok(Case { name, fitted: self.fit(Value::Object(fields))?, expected })
    }

    fn fit(&self, fields: Value) -> Result<Fitted, Box<Problem>> {
        let wish = Wish::deserialize(fields)
            .map_err(|error| bad("", error.to_string(), "see docs/testing.md for what a case consists of"))?;
        if wish.of_execution.is_some() {
            let detail = "a case file knows no executions".into();
            return Err(bad("/of_execution", detail, "write the outcomes of its steps as \"stubs\""));
        }
        let wish = Wish { input: wish.input.or_else(|| self.pack.input.clone()), ..wish };
        let now = DateTime::<Utc>::from_timestamp(NOW_S, 0).unwrap_or_default();
        let fitted = wish.fit(self.graph, self.document, Stubs::default(), now).map_err(unfit)?;
        let stubs = fitted.stubs.check(self.graph, self.runner);
        stubs.map_err(|error| unfit(error.into()))?;
        Ok(fitted)
    }
}

fn unfit(unfit: Unfit) -> Box<Problem> {
    let (pointer, hint) = match &unfit {
        Unfit::Stub(_) => ("/stubs", "see docs/testing.md for what a stub may be"),
        Unfit::Trigger(_) => ("/trigger", "name a trigger of the graph"),
        Unfit::Input(_) => ("/input", "give what the form would take"),
        Unfit::Time => ("/now", "give a time from 1970 to 9999"),
    };
    let fields = match &unfit {
        Unfit::Input(capstan_node_types::origin::InputError::Fields { errors, .. }) => {
            let each = errors.iter().map(|error| format!("{}: {}", error.field, error.detail));
            format!(": {}", each.collect::<Vec<_>>().join("; "))
        }
        _ => String::new(),
    };
    bad(pointer, format!("{unfit}{fields}"), hint)
}

/// A problem of a case; `pointer` leads into it.
pub(super) fn bad(pointer: &str, detail: String, hint: &str) -> Box<Problem> {
    let mut problem = problem("bad_case", detail, hint);
    problem.pointer = pointer.to_owned();
    problem
}
