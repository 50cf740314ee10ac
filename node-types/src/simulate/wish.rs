//! What is asked of a simulation, as requests and case files write it, and whether a graph can do it.

use capstan_domain::recording::Record;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, StepKey};
use capstan_engine::core::simulate::{Cancel, Case, Recording, Runner, StubError, Stubs, Unstubbed};
use chrono::{DateTime, Datelike, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use thiserror::Error;
use uuid::Uuid;

use crate::origin::{self, InputError, TriggerError};

/// Years in which a simulation may begin.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// A simulation that is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Where it begins; the only trigger if absent.
    pub trigger: Option<String>,
    /// What the trigger gives; an empty object if absent.
    pub input: Option<Value>,
    /// What stands for effects, by node or step.
    #[serde(default)]
    pub stubs: Map<String, Value>,
    /// What becomes of effects for which nothing stands.
    #[serde(default)]
    pub unstubbed: Unstubbed,
    /// The virtual time of its start; that of who reads it if absent.
    pub now: Option<DateTime<Utc>>,
    /// Set if it is cancelled.
    pub cancel: Option<Cancel>,
    /// An execution whose record stands for what is absent here. Only where executions are.
    pub of_execution: Option<ExecutionId>,
}

/// A wish that the graph can fulfil.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// Where it begins.
    pub trigger: StepKey,
    /// What the trigger gives, as it would give it.
    pub input: Value,
    /// The virtual time of its start.
    pub now: DateTime<Utc>,
    /// The id that expressions see; none if it stands for no execution.
    pub execution_id: ExecutionId,
    /// What stands for effects. Whether they fit the graph is for [`Stubs::check`].
    pub stubs: Stubs,
    /// What becomes of effects for which nothing stands.
    pub unstubbed: Unstubbed,
    /// The longest time of the execution.
    pub timeout_ms: Option<u64>,
    /// Set if it is cancelled.
    pub cancel: Option<Cancel>,
}

/// Why a wish cannot be fulfilled.
#[derive(Debug, Error)]
pub enum Unfit {
    /// Of a stub, or of what is pinned in the document.
    #[error(transparent)]
    Stub(#[from] StubError),
    /// It cannot begin there.
    #[error(transparent)]
    Trigger(#[from] TriggerError),
    /// It cannot begin with that.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It cannot begin then.
    #[error("a simulation cannot begin at that time")]
    Time,
}

impl Wish {
    /// The wish as `graph`, made of `document`, can fulfil it. `record` stands behind the stubs of the wish and before
    /// what is pinned in the document.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn fit(self, graph: &Graph, document: &Value, record: Stubs, now: DateTime<Utc>) -> Result<Fitted, Unfit> {
        let stubs = Stubs::read(&self.stubs)?.or(record).or(Stubs::pinned(document)?);
        let trigger = origin::trigger(graph, self.trigger.as_deref())?;
        let input = origin::input(graph, &trigger, self.input.unwrap_or_else(|| json!({})))?;
        let now = self.now.unwrap_or(now);
        if !YEARS.contains(&now.year()) {
            return Err(Unfit::Time);
        }
        Ok(Fitted {
            trigger: StepKey::root(trigger),
            input,
            now,
            execution_id: ExecutionId(Uuid::nil()),
            stubs,
            unstubbed: self.unstubbed,
            timeout_ms: graph.timeout_ms,
            cancel: self.cancel,
        })
    }

    /// The same over the record of an execution: what it got from outside stands for what is absent here.
    ///
    /// # Errors
    /// See [`Unfit`].
    pub fn over(
        self,
        record: &Record<'_>,
        graph: &Graph,
        document: &Value,
        runner: &dyn Runner,
    ) -> Result<Fitted, Unfit> {
        let Recording { stubs, cancel } = record.on(graph, runner);
        let row = record.row;
        let wish = Self {
            trigger: self.trigger.or_else(|| Some(row.trigger_node_id.clone())),
            input: self.input.or_else(|| Some(row.input.clone())),
            cancel: self.cancel.or(cancel),
            ..self
        };
        let fitted = wish.fit(graph, document, stubs, row.created_at)?;
        let execution_id = ExecutionId(row.execution_id);
        Ok(Fitted { execution_id, timeout_ms: record.timeout_ms(graph), ..fitted })
    }
}

impl Fitted {
    /// The simulation that it comes to on that graph.
    #[must_use]
    pub fn case<'a>(&'a self, graph: &'a Graph) -> Case<'a> {
        Case {
            graph,
            trigger: &self.trigger,
            input: self.input.clone(),
            now: self.now,
            execution_id: self.execution_id,
            stubs: &self.stubs,
            unstubbed: self.unstubbed,
            timeout_ms: self.timeout_ms,
            cancel: self.cancel.clone(),
        }
    }
}
