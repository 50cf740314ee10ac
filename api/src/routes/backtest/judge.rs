//! What a draft would have made of one execution.
//!
//! The record is simulated twice, on its own version and on the draft, and the two are compared: what an outage or the
//! clock did to the real execution is then no difference.

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::core::simulate::{
    Difference, Failure, Limit, Runner, Side, Simulated, Stopped, are_alike, differences,
};
use capstan_node_types::registry::Registry;
use capstan_node_types::simulate::Wish;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::executions::Loaded;
use super::super::simulate::{run, runner, why};
use super::Draft;
use crate::problem::Problem;

/// Most differences of one execution that are shown.
const DIFFERENCES_SHOWN_MAX: usize = 20;

/// What would have become of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BacktestVerdict")]
pub(crate) enum Verdict {
    Same,
    Changed,
    /// It cannot be told.
    Unclear,
}

/// How a simulation came out.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BacktestSide")]
pub(crate) struct Came {
    status: &'static str,
    #[schemars(with = "Option<crate::openapi::shapes::Failure>")]
    error: Option<Failure>,
    #[schemars(with = "Option<crate::openapi::shapes::Stopped>")]
    stopped: Option<Value>,
}

/// Why it cannot be told what would have become of an execution.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BacktestUnclear")]
pub(crate) struct Unclear {
    code: String,
    detail: String,
}

/// One execution, held against the draft.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BacktestedExecution")]
pub(crate) struct Judged {
    #[schemars(with = "crate::openapi::shapes::Id")]
    execution_id: ExecutionId,
    pub(super) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Unclear>,
    /// On its own version.
    before: Option<Came>,
    /// On the draft.
    now: Option<Came>,
    /// Whether a simulation on its own version comes to what is recorded.
    pub(super) exact: bool,
    #[schemars(with = "Vec<crate::openapi::shapes::Difference>")]
    pub(super) differences: Vec<Difference>,
    differences_left_out: usize,
}

impl Judged {
    pub(super) fn unclear(execution_id: ExecutionId, problem: &Problem) -> Self {
        let why = Unclear { code: problem.code.to_owned(), detail: problem.detail.to_string() };
        Self {
            execution_id,
            verdict: Verdict::Unclear,
            why: Some(why),
            before: None,
            now: None,
            exact: false,
            differences: Vec::new(),
            differences_left_out: 0,
        }
    }
}

/// Simulates what `past` recorded on its own version and on the draft.
pub(super) fn judge(registry: &Registry, past: &Loaded, draft: &Draft) -> Result<Judged, Problem> {
    let (runner, record) = (runner(registry)?, past.record()?);
    let id = ExecutionId(past.row.execution_id);
    let own = match Wish::default().over(&record, record.graph, &Value::Null, &runner) {
        Ok(own) => own,
        Err(unfit) => return Ok(Judged::unclear(id, &unfit.into())),
    };
    let new = match draft.wish.clone().over(&record, &draft.graph, &draft.document, &runner) {
        Ok(new) => new,
        Err(unfit) => return Ok(Judged::unclear(id, &unfit.into())),
    };
    let (own_case, new_case) = (own.case(record.graph), new.case(&draft.graph));
    let (before, now) = (run(&own_case, &runner)?, run(&new_case, &runner)?);
    if let Some(problem) = unclear(&before, &now) {
        return Ok(Judged::unclear(id, &problem));
    }
    let sides = [(&own_case, &before), (&new_case, &now)].map(|(case, simulated)| Side { case, simulated });
    let mut found = differences(sides[0], sides[1], &runner);
    if runner.is_spent() {
        return Ok(Judged::unclear(id, &limited(&Stopped::Limit(Limit::WallTime))));
    }
    let is_same = found.is_empty() && before.status() == now.status();
    let left_out = found.len().saturating_sub(DIFFERENCES_SHOWN_MAX);
    found.truncate(DIFFERENCES_SHOWN_MAX);
    Ok(Judged {
        execution_id: id,
        verdict: if is_same { Verdict::Same } else { Verdict::Changed },
        why: None,
        exact: before.status() == past.row.status && are_alike(record.graph, &record.state, &before.state),
        before: Some(came(&before)),
        now: Some(came(&now)),
        differences: found,
        differences_left_out: left_out,
    })
}

/// Set if one of them says nothing about what would be.
fn unclear(before: &Simulated, now: &Simulated) -> Option<Problem> {
    match (&before.stopped, &now.stopped) {
        (Some(stopped @ Stopped::Limit(_)), _) | (None, Some(stopped @ Stopped::Limit(_))) => Some(limited(stopped)),
        (Some(stopped), _) => Some(Problem::unprocessable("not_repeatable", stopped.to_string(), "")),
        (None, _) => None,
    }
}

fn limited(stopped: &Stopped) -> Problem {
    Problem::unprocessable(stopped.code(), stopped.to_string(), stopped.hint())
}

fn came(simulated: &Simulated) -> Came {
    Came { status: simulated.status(), error: simulated.failure(), stopped: simulated.stopped.as_ref().map(why) }
}
