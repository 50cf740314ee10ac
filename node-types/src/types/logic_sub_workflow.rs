//! `logic.sub_workflow`

use capstan_domain::calls::{Callee, Calling, Started, Trigger};
use capstan_engine::core::attempt::storable;
use capstan_engine::core::catalogue::Effect;
use capstan_engine::core::child::{Child, NewChild, OnCancel};
use capstan_engine::core::ids::{ExecutionId, VersionId};
use capstan_engine::core::outcome::{Outcome, Until, Wake};
use capstan_engine::core::problem::Problem;
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::form_submission::validate_submission;
use super::parts::{check_span, problem, span_of};
use crate::node_type::{Context, NodeType, Spec};

/// Error classes that it may fail with, beside those of any node.
const CLASSES: [&str; 7] =
    ["not_found", "input", "call_depth", "quota_exceeded", "calls", "child_failed", "child_cancelled"];

/// Starts an execution of another workflow.
pub(crate) struct LogicSubWorkflow;

/// What is started, and whether it is waited for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The workflow: its id or its name.
    #[schemars(length(min = 1, max = 200))]
    workflow: String,
    /// Which version: `latest` is the newest at the moment of the start; or a number.
    #[serde(default)]
    version: Wanted,
    /// `awaited`: its output is that of this node. `detached`: this node goes on once it is started, with
    /// `{execution_id, workflow_id, version_id}`.
    #[serde(default)]
    mode: Mode,
    /// What it is started with; an empty object if absent. It has to fit a form if it starts at one.
    input: Option<Value>,
    /// Id of the trigger that it starts at; its only one, or its only manual one, if absent.
    trigger: Option<String>,
    /// When this node is cancelled or has had its time before an awaited child has ended: `cancel` cancels the child as well,
    /// `abandon` leaves it alone.
    #[serde(default)]
    on_cancel: AtCancel,
    /// Longest time in milliseconds, at most five years. Awaited, this node fails then with class `timeout`; detached, the
    /// child does with `execution_timeout`.
    timeout_ms: Option<u64>,
    /// Longest time as text, such as `3d 2h`; not together with `timeout_ms`.
    timeout: Option<String>,
}

/// Which version.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Wanted {
    Number(i32),
    Newest(Newest),
}

/// The newest.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Newest {
    Latest,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Newest(Newest::Latest)
    }
}

/// Whether it is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mode {
    #[default]
    Awaited,
    Detached,
}

/// What becomes of the child.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AtCancel {
    #[default]
    Cancel,
    Abandon,
}

impl NodeType for LogicSubWorkflow {
    const NAME: &'static str = "logic.sub_workflow";
    const EFFECT: Effect = Effect::Idempotent;
    const WAITS: bool = true;
    type Config = Config;

    fn spec() -> Spec {
        Spec::step("Sub-workflow", "Starts an execution of another workflow and, if wished, waits for its output.")
    }

    fn classes(_config: &Value) -> Option<Vec<String>> {
        Some(CLASSES.map(Into::into).to_vec())
    }

    fn check(config: &Value) -> Vec<Problem> {
        let mut problems: Vec<Problem> = check_span(config, "timeout").into_iter().collect();
        if config["version"].as_i64().is_some_and(|number| number < 1) {
            let detail = "the versions of a workflow are numbered from 1";
            problems.push(problem("bad_version", "/version", detail, "give a number from 1 on, or latest"));
        }
        problems
    }

    async fn run(&self, config: Config, context: &Context) -> Outcome {
        let outcome = match &context.wake {
            Some(Wake::Signal { payload }) if payload["left_out"] != Value::Bool(true) => Ok(config.ended(payload)),
            None if context.attempt == 1 => config.call(context).await,
            _ => config.look(context).await,
        };
        outcome.unwrap_or_else(|failed| failed)
    }
}

impl Config {
    /// Asks for the child.
    async fn call(&self, context: &Context) -> Result<Outcome, Outcome> {
        let (calling, desk) = (Calling::from(context), &context.services.calls);
        let time = self.span()?;
        let found = context.database.ask(desk.find(&calling, &self.workflow, self.number())).await?;
        let found = found.ok_or_else(|| self.no_workflow())?;
        let version_id = found.version_id.ok_or_else(|| self.no_version())?;
        let trigger = self.trigger(&found)?;
        let input = self.input(trigger)?;
        let admission = context.database.ask(desk.admit(&calling)).await?;
        let child = Child {
            execution_id: ExecutionId::new().of_child(),
            workflow_id: found.workflow_id,
            version_id,
            on_cancel: self.on_cancel(),
        };
        let own = time.filter(|_| self.mode == Mode::Detached);
        let timeout_ms = own.and_then(|span| u64::try_from(span.num_milliseconds()).ok()).or(found.timeout_ms);
        let new = NewChild {
            child,
            trigger: trigger.id.clone(),
            input,
            timeout_ms,
            root_id: admission.root_id,
            depth: admission.depth,
            vt: admission.vt,
        };
        Ok(Outcome::Call { child: Box::new(new), until: self.until(context, &calling, time) })
    }

    /// What has come of the child so far: its signal brought no output, the time is over, an attempt is repeated, or the
    /// child is not waited for.
    async fn look(&self, context: &Context) -> Result<Outcome, Outcome> {
        let calling = Calling::from(context);
        let looking = context.services.calls.started(&calling, self.on_cancel());
        let started = context.database.ask(looking).await?;
        let Some(Started { child, end }) = started else { return self.call(context).await };
        match (self.mode, end, &context.wake) {
            (Mode::Detached, ..) => Ok(Outcome::done("out", told(&child))),
            (Mode::Awaited, Some(end), _) => Ok(self.ended(&end)),
            (Mode::Awaited, None, Some(Wake::Due)) => {
                let reason = format!("execution {} of {:?} took longer than it may", child.execution_id, self.workflow);
                Err(Outcome::fail("timeout", reason))
            }
            (Mode::Awaited, None, _) => {
                let until = self.until(context, &calling, self.span()?);
                Ok(Outcome::Wait(Until { child: Some(Box::new(child)), ..until }))
            }
        }
    }

    /// What an awaited child's end means.
    fn ended(&self, end: &Value) -> Outcome {
        let id = end["execution_id"].as_str().unwrap_or_default();
        let error = |field: &str| end["error"][field].as_str().unwrap_or_default();
        match end["status"].as_str() {
            Some("completed") => Outcome::done("out", end["output"].clone()),
            Some("cancelled") => {
                let reason = format!("execution {id} of {:?} was cancelled: {}", self.workflow, error("reason"));
                Outcome::fail("child_cancelled", reason)
            }
            _ => {
                let (class, reason) = (error("class"), error("reason"));
                let reason = format!("execution {id} of {:?} failed with {class}: {reason}", self.workflow);
                Outcome::fail("child_failed", reason)
            }
        }
    }

    /// Until when this step waits: one that does not, until now.
    fn until(&self, context: &Context, calling: &Calling, time: Option<TimeDelta>) -> Until {
        match self.mode {
            Mode::Awaited => {
                let time: Option<DateTime<Utc>> = time.and_then(|time| context.now.checked_add_signed(time));
                Until { time, signal: Some(calling.signal()), child: None }
            }
            Mode::Detached => Until { time: Some(context.now), signal: None, child: None },
        }
    }

    fn on_cancel(&self) -> OnCancel {
        match (self.mode, self.on_cancel) {
            (Mode::Awaited, AtCancel::Cancel) => OnCancel::Cancel,
            (Mode::Awaited, AtCancel::Abandon) | (Mode::Detached, _) => OnCancel::Abandon,
        }
    }

    fn number(&self) -> Option<i32> {
        if let Wanted::Number(number) = self.version { Some(number) } else { None }
    }

    fn span(&self) -> Result<Option<TimeDelta>, Outcome> {
        let span = span_of(self.timeout_ms, self.timeout.as_deref())?;
        Ok(span.map(|span| TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)))
    }

    /// The trigger asked for, else the only one, else the only manual one.
    fn trigger<'a>(&self, callee: &'a Callee) -> Result<&'a Trigger, Outcome> {
        let all = &callee.triggers;
        if let Some(wanted) = &self.trigger {
            let found = all.iter().find(|trigger| trigger.id.as_str() == wanted);
            return found.ok_or_else(|| self.no_trigger(callee, &format!("{wanted:?} is no trigger of it")));
        }
        let mut manual = all.iter().filter(|trigger| trigger.type_name == "trigger.manual");
        match (all.as_slice(), manual.next(), manual.next()) {
            ([only], ..) | (_, Some(only), None) => Ok(only),
            _ => Err(self.no_trigger(callee, "it has several triggers, and none is named")),
        }
    }

    /// What the child is started with: that of a form is what the form would make of it.
    fn input(&self, trigger: &Trigger) -> Result<Value, Outcome> {
        let input = self.input.clone().unwrap_or_else(|| json!({}));
        storable(&input).map_err(|reason| self.unfit(&reason))?;
        if trigger.type_name != "trigger.form" {
            return Ok(input);
        }
        let fields = input.as_object().ok_or_else(|| self.unfit("the input of a form is an object with its fields"))?;
        validate_submission(&trigger.config, fields).map_err(|errors| {
            let details: Vec<String> = errors.into_iter().map(|error| error.detail).collect();
            self.unfit(&details.join("; "))
        })
    }

    fn unfit(&self, reason: &str) -> Outcome {
        Outcome::fail("input", format!("the input does not fit workflow {:?}: {reason}", self.workflow))
    }

    fn no_workflow(&self) -> Outcome {
        let reason =
            format!("there is no workflow {:?} in this workspace; give its id or its exact name", self.workflow);
        Outcome::fail("not_found", reason)
    }

    fn no_version(&self) -> Outcome {
        let lacks = self.number().map_or_else(|| "no version".into(), |number| format!("no version {number}"));
        Outcome::fail("not_found", format!("workflow {:?} has {lacks}; publish its draft first", self.workflow))
    }

    fn no_trigger(&self, callee: &Callee, why: &str) -> Outcome {
        let ids: Vec<&str> = callee.triggers.iter().map(|trigger| trigger.id.as_str()).collect();
        let reason =
            format!("workflow {:?} cannot be started: {why}; its triggers are {}", self.workflow, ids.join(", "));
        Outcome::fail("not_found", reason)
    }
}

/// What a step gives back that does not wait.
fn told(child: &Child) -> Value {
    let &Child { execution_id, workflow_id, version_id: VersionId(version_id), .. } = child;
    json!({ "execution_id": execution_id, "workflow_id": workflow_id, "version_id": version_id })
}

#[cfg(test)]
mod tests;
