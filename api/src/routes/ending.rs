//! Executions that are ending: what is told of them, and what they take no more.

use capstan_engine::core::clean_up::{Ending, is_of_clean_up, may_take};
use capstan_engine::core::graph::Node;
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::core::state::State;
use capstan_engine::store::endings::may_be_ending;
use capstan_engine::store::orders::CancelOnItsWay;
use serde_json::Value;

use super::executions::{Loaded, load};
use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;

/// The node type whose steps take signals of clients.
const WAITS: &str = "logic.wait_for_signal";
const HINT: &str = "wait until its clean-up has ended, or force the cancel: {\"force\": true} leaves clean-up out";

impl Loaded {
    /// How it ends, from when that is accepted or settled.
    pub(super) fn ending(&self, state: &State) -> Option<Ending> {
        let ended = self.row.ended_at.is_some();
        let entries = self.entries.iter().map(|(_, entry)| entry);
        let ending = Ending::of(&self.version.graph, state, entries, ended);
        match self.cancel.clone().filter(|_| !ended) {
            Some(CancelOnItsWay { reason, force, since }) => Some(Ending::requested(ending, reason, force, since)),
            None => ending,
        }
    }

    /// How it ends, if it has not ended yet.
    pub(super) fn open_ending(&self) -> Result<Option<Ending>, Problem> {
        if self.row.ended_at.is_some() {
            return Ok(None);
        }
        Ok(self.ending(&self.state()?).filter(Ending::is_open))
    }

    /// Whether a step goes on although a cancel is on its way.
    pub(super) fn outlives_cancel(&self, state: &State, step: &StepKey) -> bool {
        let graph = &self.version.graph;
        self.cancel.is_none() || state.find(graph, step).is_some_and(|step| is_of_clean_up(graph, state, step))
    }
}

/// The execution, if it is ending and has not ended. One that goes on is mostly told by one look.
pub(super) async fn if_ending(
    api: &Api,
    caller: &Caller,
    id: ExecutionId,
) -> Result<Option<(Loaded, Ending)>, Problem> {
    let mut transaction = caller.read().await?;
    let may_be = may_be_ending(&mut transaction, caller.workspace_id, id).await?;
    transaction.commit().await?;
    if !may_be {
        return Ok(None);
    }
    let loaded = match load(api, caller, &id.to_string()).await {
        // Whoever asks goes on, and finds out himself.
        Err(problem) if problem.status.is_client_error() => return Ok(None),
        loaded => loaded?,
    };
    Ok(loaded.open_ending()?.map(|ending| (loaded, ending)))
}

/// 409 if nothing of an execution that is ending can take that signal any more.
pub(super) fn refuse_signal(loaded: &Loaded, ending: &Ending, name: &str) -> Result<(), Problem> {
    let state = loaded.state()?;
    if may_take(&loaded.version.graph, &state, loaded.cancel.is_some(), name, |node| awaits(node, name)) {
        return Ok(());
    }
    let detail = format!("the execution {ending}: no step of its clean-up takes the signal \"{name}\"");
    Err(Problem::conflict("execution_ending", detail, "read the execution to see how it ends; nothing was sent"))
}

/// An expression may come to any name.
fn awaits(node: &Node, name: &str) -> bool {
    node.type_name == WAITS && node.config["signal"].as_str().is_some_and(|text| text == name || text.contains("{{"))
}

/// Why an execution that has not ended is not restarted.
pub(super) fn not_ended(ending: Option<&Ending>) -> Problem {
    match ending {
        None => Problem::conflict("not_ended", "the execution has not ended", "cancel it first, or wait for its end"),
        Some(ending) => Problem::conflict("not_ended", format!("the execution {ending}"), HINT),
    }
}

/// That an answer comes too late.
pub(super) fn answered_too_late(title: &Value, ending: &Ending) -> Problem {
    let detail = format!("the execution {ending}: it takes no answer to {title} any more");
    Problem::conflict("execution_ending", detail, "read the execution to see how it ends; nothing was answered")
}
