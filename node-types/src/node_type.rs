//! What a node type is: one file in `types/`, one line in the registry.

use std::future::Future;
use std::sync::Arc;

use capstan_domain::calls::Calling;
use capstan_domain::secrets::redact::Redactor;
use capstan_engine::core::catalogue::{Effect, Extent, Frames, NodeTypeInfo, Role, Together};
use capstan_engine::core::expression::{ExpressionError, Filler};
use capstan_engine::core::ids::{ExecutionId, StepKey, WorkspaceId};
use capstan_engine::core::outcome::{Outcome, Wake};
use capstan_engine::core::problem::Problem;
use capstan_engine::core::raw::together;
use capstan_engine::faults::{Bug, planted};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::own_database::OwnDatabase;
use crate::services::Services;

/// A kind of node. Implementations are unit structs; everything they need is in the config and the context.
pub trait NodeType: Send + Sync + 'static {
    /// `trigger.`, `action.`, `lead.`, `record.`, `logic.`, `data.` or `debug.`, then the verb or noun.
    const NAME: &'static str;
    /// What repeating it means. Triggers are pure.
    const EFFECT: Effect;
    /// The shape of `data.config`; its JSON Schema makes the form in the editor.
    type Config: DeserializeOwned + JsonSchema + Send + 'static;
    /// The meter that each completed step counts on with one unit, beside the steps themselves.
    const METER: Option<&'static str> = None;
    /// Of a container: fields of the config that are filled in only once its last frame has completed, and may name `last`.
    const LATE: &'static [&'static str] = &[];
    /// Text fields of the config that are taken as they are, such as code: `{{` in them begins no expression.
    const RAW: &'static [&'static str] = &[];
    /// Whether an attempt reaches nothing outside of the execution but its log, so that a simulation may run it.
    const LOCAL: bool = matches!(Self::EFFECT, Effect::Pure);
    /// Whether it has to run in the execution that was started, and not in a chunk of it: see
    /// [`NodeTypeInfo::stays`].
    const STAYS: bool = false;
    /// Whether an attempt of it may wait, for a time, a signal or a child.
    const WAITS: bool = false;
    /// The field of the config that names another node of the same container, and the type that this one has.
    const PARTNER: Option<(&'static str, &'static str)> = None;

    /// Title, description and ports.
    fn spec() -> Spec;

    /// Output ports of a node with this config, when they depend on it. `config` is as written, unchecked.
    fn ports(config: &Value) -> Vec<String> {
        let _ = config;
        Self::spec().outputs
    }

    /// Those of them that a node with this config may ever emit on. `config` is as written, unchecked.
    fn emits(config: &Value) -> Vec<String> {
        Self::ports(config)
    }

    /// Set if a node with this config may emit on several of its ports at once. `config` is as written, unchecked.
    fn together(config: &Value) -> Option<Together> {
        let _ = config;
        None
    }

    /// Error classes that it may fail with beside those of any node, such as `config` and `timeout`; none if that is not
    /// known. `config` is as written, unchecked.
    fn classes(config: &Value) -> Option<Vec<String>> {
        let _ = config;
        None
    }

    /// Of a container: how often it may run its graph. `config` is as written, unchecked.
    fn extent(config: &Value) -> Extent {
        let _ = config;
        Extent::default()
    }

    /// Of a container: how it runs its graph. `config` is as written, unchecked.
    fn frames(config: &Value) -> Frames {
        let _ = config;
        Frames::default()
    }

    /// Fills in the expressions of a config: all of it, unless the type needs only some of it. See [`NodeTypeInfo::fill`].
    ///
    /// # Errors
    /// The first expression that cannot be evaluated.
    fn fill(
        config: &Value,
        filler: &mut Filler<'_>,
        wake: &dyn Fn() -> Option<Wake>,
    ) -> Result<Value, ExpressionError> {
        let _ = wake;
        filler.fill(config, "")
    }

    /// What a completed step of a workspace has used, beside the steps themselves: a meter and units. They become a fact in the commit
    /// of the step.
    fn used(workspace_id: WorkspaceId, output: &Value) -> Option<(&'static str, i64)> {
        let _ = (workspace_id, output);
        Self::METER.map(|meter| (meter, 1))
    }

    /// Findings beyond the schema, on the config as written (expressions unevaluated).
    fn check(config: &Value) -> Vec<Problem> {
        let _ = config;
        Vec::new()
    }

    /// One attempt. `config` has its expressions filled in. A trigger's run is never called.
    fn run(&self, config: Self::Config, context: &Context) -> impl Future<Output = Outcome> + Send;
}

/// What the palette shows of a node type.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Short title, sentence case.
    pub title: &'static str,
    /// One sentence on what it does.
    pub description: &'static str,
    /// Trigger or step.
    pub role: Role,
    /// Output ports; the first is the default.
    pub outputs: Vec<String>,
}

impl Spec {
    /// A step with one output port, `out`.
    #[must_use]
    pub fn step(title: &'static str, description: &'static str) -> Self {
        Self { title, description, role: Role::Step, outputs: vec!["out".into()] }
    }

    /// A trigger with one output port, `out`.
    #[must_use]
    pub fn trigger(title: &'static str, description: &'static str) -> Self {
        Self { role: Role::Trigger, ..Self::step(title, description) }
    }

    /// A container with one output port, `out`.
    #[must_use]
    pub fn container(title: &'static str, description: &'static str) -> Self {
        Self { role: Role::Container, ..Self::step(title, description) }
    }

    /// The same with these output ports.
    #[must_use]
    pub fn outputs(mut self, ports: &[&str]) -> Self {
        self.outputs = ports.iter().map(|&port| port.into()).collect();
        self
    }
}

/// Where a step's log lines go. Lines beyond the caps are dropped and counted; never blocks.
pub trait LogSink: Send + Sync {
    /// Records one line for the step that this sink belongs to.
    fn log(&self, level: LogLevel, message: &str);
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// For the author of the workflow.
    Debug,
    /// Normal.
    Info,
    /// Odd, but the step goes on.
    Warn,
    /// The step fails.
    Error,
}

impl LogLevel {
    /// As stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What an attempt may know and use.
#[derive(Clone)]
pub struct Context {
    /// The tenant.
    pub workspace_id: WorkspaceId,
    /// The execution.
    pub execution_id: ExecutionId,
    /// The step.
    pub step: StepKey,
    /// Number of this attempt, from 1.
    pub attempt: u32,
    /// How often a person had the step begin anew.
    pub round: u32,
    /// Time of the journal entry that fired the step: the same in every attempt.
    pub now: DateTime<Utc>,
    /// Why the step runs again after a wait; absent on a first run.
    pub wake: Option<Wake>,
    /// Log of this step.
    pub log: Arc<dyn LogSink>,
    /// HTTP client, mailer, and processes for code.
    pub services: Arc<Services>,
    /// Secrets that the attempt has got: they are taken out of its outcome and its log.
    pub secrets: Arc<Redactor>,
    /// Through which it asks the engine's own database, so that this is known to be away, and not the step to be late.
    pub database: Arc<OwnDatabase>,
}

impl Context {
    /// The same for every attempt of this step: `execution:node:scope`.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        if planted(Bug::NewKey) {
            return format!("{}:{}:{}", self.execution_id, self.step.node_id, self.attempt);
        }
        format!("{}:{}:{}", self.execution_id, self.step.node_id, self.step.scope.as_str())
    }
}

impl From<&Context> for Calling {
    fn from(context: &Context) -> Self {
        let &Context { workspace_id, execution_id, round, .. } = context;
        Self { workspace_id, execution_id, step: context.step.clone(), round }
    }
}

/// A node type behind a pointer, as the registry and the worker see it.
pub trait AnyNodeType: NodeTypeInfo {
    /// Title, description and ports.
    fn spec(&self) -> &Spec;
    /// What a completed step of a workspace has used: see [`NodeType::used`].
    fn used(&self, workspace_id: WorkspaceId, output: &Value) -> Option<(&'static str, i64)>;
    /// Whether a simulation may run it: see [`NodeType::LOCAL`].
    fn is_local(&self) -> bool;
    /// One attempt on a filled-in config. A config that does not deserialize fails with class `config`.
    fn run<'a>(&'a self, config: &'a Value, context: &'a Context) -> BoxFuture<'a, Outcome>;
}

/// Makes a [`NodeType`] an [`AnyNodeType`], with its schema and spec computed once.
pub(crate) struct Erased<T: NodeType> {
    node_type: T,
    schema: Value,
    spec: Spec,
}

impl<T: NodeType> Erased<T> {
    pub(crate) fn new(node_type: T) -> Self {
        let schema =
            schemars::generate::SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T::Config>();
        Self { node_type, schema: schema.to_value(), spec: T::spec() }
    }
}

impl<T: NodeType> NodeTypeInfo for Erased<T> {
    fn name(&self) -> &str {
        T::NAME
    }
    fn role(&self) -> Role {
        self.spec.role
    }
    fn effect(&self) -> Effect {
        T::EFFECT
    }
    fn schema(&self) -> &Value {
        &self.schema
    }
    fn ports(&self, config: &Value) -> Vec<String> {
        T::ports(config)
    }
    fn emits(&self, config: &Value) -> Vec<String> {
        T::emits(config)
    }
    fn together(&self, config: &Value) -> Option<Together> {
        T::together(config)
    }
    fn classes(&self, config: &Value) -> Option<Vec<String>> {
        T::classes(config)
    }
    fn extent(&self, config: &Value) -> Extent {
        T::extent(config)
    }
    fn frames(&self, config: &Value) -> Frames {
        T::frames(config)
    }
    fn waits(&self) -> bool {
        T::WAITS
    }
    fn stays(&self) -> bool {
        T::STAYS
    }
    fn late(&self) -> &[&str] {
        T::LATE
    }
    fn fill(
        &self,
        config: &Value,
        filler: &mut Filler<'_>,
        wake: &dyn Fn() -> Option<Wake>,
    ) -> Result<Value, ExpressionError> {
        T::fill(config, filler, wake)
    }
    fn raw(&self) -> &[&str] {
        T::RAW
    }
    fn partner(&self) -> Option<(&str, &str)> {
        T::PARTNER
    }
    fn check(&self, config: &Value) -> Vec<Problem> {
        T::check(config)
    }
}

impl<T: NodeType> AnyNodeType for Erased<T> {
    fn spec(&self) -> &Spec {
        &self.spec
    }
    fn used(&self, workspace_id: WorkspaceId, output: &Value) -> Option<(&'static str, i64)> {
        T::used(workspace_id, output)
    }
    fn is_local(&self) -> bool {
        T::LOCAL
    }
    fn run<'a>(&'a self, config: &'a Value, context: &'a Context) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match T::Config::deserialize(&*together(config, T::RAW)) {
                Ok(config) => self.node_type.run(config, context).await,
                Err(error) => Outcome::fail(
                    "config",
                    format!("the config of node \"{}\" does not fit its schema once filled in: {error}", context.step),
                ),
            }
        })
    }
}
