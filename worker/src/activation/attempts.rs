//! One attempt of a node: fill in its config, run it within its time, survive its panic.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use capstan_domain::secrets::redact::Redactor;
use capstan_domain::trace;
use capstan_engine::core::catalogue::Catalogue;
use capstan_engine::core::graph::Node;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::policy::ATTEMPT_TIMEOUT_MS_DEFAULT;
use capstan_engine::core::scene::Scene;
use capstan_engine::core::state::StepIx;
use capstan_engine::faults::{Point, pass};
use capstan_node_types::chunk;
use capstan_node_types::node_type::{Context, LogLevel, LogSink};
use capstan_node_types::own_database::Late;
use futures::FutureExt;
use futures::future::{BoxFuture, Either};
use serde_json::Value;
use tokio::task::{Id, JoinError};

use super::drive::Drive;
use super::spans::told;
use crate::logs::{Origin, StepLog};

/// What the log of a step says once when it is put off.
const PUT_OFF: &str =
    "Capstan's own database does not answer: the step is tried again until it does, and no attempt is counted";

/// How the task of an attempt ended.
type Ended = Result<(Id, (StepIx, Option<Outcome>)), JoinError>;

impl Drive<'_> {
    /// Begins an attempt with effects. Answers the outcome of one that needs no waiting; that of any other arrives
    /// through `tasks`.
    pub(super) async fn begin(&mut self, step: StepIx) -> Option<Outcome> {
        let attempt = trace::within(self.trace(), self.attempt(step, ATTEMPT_TIMEOUT_MS_DEFAULT));
        let engine = Arc::clone(self.engine);
        let life = Arc::clone(self.life);
        let announced = self.node(step).policy.at_most_once;
        let mut attempt = Box::pin(async move {
            // Only a permit that is not there at once is waited for: waiting for many would make the task give way.
            let _permit = match engine.effects.try_acquire() {
                Ok(permit) => Ok(permit),
                // Closed only with the process.
                Err(_) => engine.effects.acquire().await,
            };
            life.may_act().await;
            if engine.stop.is_cancelled() && !announced {
                return None;
            }
            pass(Point::BeforeEffect);
            let outcome = attempt.await;
            pass(Point::AfterEffect);
            Some(outcome)
        });
        if let Poll::Ready(outcome) = futures::poll!(&mut attempt) {
            return outcome;
        }
        let task = self.tasks.spawn(async move { (step, attempt.await) });
        self.running.insert(step, task);
        None
    }

    /// One attempt of a step in the present state. `timeout_ms` holds if its policy names none; 0 is no limit.
    pub(super) fn attempt(&self, step: StepIx, timeout_ms: u64) -> BoxFuture<'static, Outcome> {
        let limit_ms = self.node(step).policy.timeout_ms.unwrap_or(timeout_ms);
        let secrets = Arc::new(Redactor::default());
        let log = Arc::new(self.log(step, Arc::clone(&secrets)));
        let id = ExecutionId(self.claimed.execution_id);
        let config = match self.config(step) {
            Ok(config) => config,
            Err(reason) => return std::future::ready(Outcome::fail("expression", reason)).boxed(),
        };
        let context = self.context(step, Arc::clone(&log), Arc::clone(&secrets));
        let span = self.span_of(step).map(|span| (span, Arc::clone(&secrets)));
        let (database, is_first_time) = (Arc::clone(&context.database), self.put_off.until(step).is_none());
        let (graph, node) = (Arc::clone(&self.graph), self.state.step(step).node);
        let engine = Arc::clone(self.engine);
        let attempt = async move {
            let run = async {
                let Node { type_name, config: as_written, is_chunk, .. } = &graph.nodes[node];
                match engine.registry.get(type_name) {
                    _ if *is_chunk => chunk::run(config.as_ref().unwrap_or(as_written), &context).await,
                    Some(node_type) => node_type.run(config.as_ref().unwrap_or(as_written), &context).await,
                    None => Outcome::fail("config", format!("this build has no node type \"{type_name}\"")),
                }
            };
            let run = AssertUnwindSafe(run).catch_unwind();
            // The clock runs from here: an attempt may have waited for its turn.
            let run = match limit_ms {
                0 => Either::Left(run.map(Ok)),
                limit_ms => Either::Right(database.within(Duration::from_millis(limit_ms), run)),
            };
            let outcome = match engine.black_box.around(id, run).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(_)) => {
                    Outcome::fail("panic", "the node type failed in a way that it should not; see the worker's log")
                }
                Err(Late::Away) => Outcome::Away { reason: format!("the database took longer than {limit_ms} ms") },
                Err(Late::Spent) => {
                    Outcome::retry("timeout", format!("the attempt took longer than {limit_ms} ms"), None)
                }
            };
            if matches!(outcome, Outcome::Away { .. }) && is_first_time {
                log.log(LogLevel::Warn, PUT_OFF);
            }
            log.finish().await;
            if secrets.is_empty() { outcome } else { Box::pin(redacted(outcome, secrets)).await }
        }
        .boxed();
        match span {
            Some((span, secrets)) => told(span, secrets, attempt).boxed(),
            None => attempt,
        }
    }

    /// Takes the outcome of an attempt, and of all that have ended meanwhile: they share a flush.
    pub(super) fn all_ended(&mut self, first: Ended) {
        self.ended(first);
        while !self.must_flush()
            && let Some(next) = self.tasks.try_join_next_with_id()
        {
            self.ended(next);
        }
    }

    /// Takes the outcome of an attempt, if it is the one that runs.
    fn ended(&mut self, ended: Ended) {
        let (task, step, outcome) = match ended {
            Ok((task, (step, outcome))) => (task, Some(step), outcome),
            Err(error) => {
                let running = self.running.iter().find(|(_, running)| running.id() == error.id());
                let outcome = Outcome::fail("panic", "the attempt failed in a way that it should not");
                (error.id(), running.map(|(&step, _)| step), Some(outcome))
            }
        };
        let Some(step) = step.filter(|step| self.running.get(step).is_some_and(|running| running.id() == task)) else {
            return;
        };
        self.running.remove(&step);
        if let Some(outcome) = outcome {
            self.conclude(step, outcome);
        }
    }

    /// The execution as its steps see it.
    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            graph: &self.graph,
            state: &self.state,
            trigger: self.trigger,
            execution_id: ExecutionId(self.claimed.execution_id),
            created_at: self.claimed.begun_at,
        }
    }

    /// The config with its expressions filled in; none if it has none.
    fn config(&self, step: StepIx) -> Result<Option<Value>, String> {
        self.scene().config(step, self.engine.registry.node_type(&self.node(step).type_name))
    }

    fn context(&self, step: StepIx, log: Arc<StepLog>, secrets: Arc<Redactor>) -> Context {
        let scene = self.scene();
        Context {
            workspace_id: WorkspaceId(self.claimed.workspace_id),
            execution_id: scene.execution_id,
            step: self.key(step),
            attempt: self.state.step(step).attempts + 1,
            round: self.state.step(step).rounds,
            now: scene.now(step),
            wake: scene.wake(step),
            log,
            services: Arc::clone(&self.engine.services),
            secrets,
            database: Arc::default(),
        }
    }

    fn log(&self, step: StepIx, secrets: Arc<Redactor>) -> StepLog {
        let origin = Origin {
            execution_id: ExecutionId(self.claimed.execution_id),
            workspace_id: WorkspaceId(self.claimed.workspace_id),
            step: self.key(step),
            attempt: self.state.step(step).attempts + 1,
        };
        self.engine.logs.step(origin, Arc::clone(self.life), Arc::clone(&self.log_budget), secrets)
    }
}

/// What leaves the step, before it is kept anywhere: the outcome without secrets. Looking for them in a large output takes
/// long, so it is done beside the threads that all share.
async fn redacted(outcome: Outcome, secrets: Arc<Redactor>) -> Outcome {
    let looking = tokio::task::spawn_blocking(move || without_secrets(outcome, &secrets));
    looking
        .await
        .unwrap_or_else(|_| Outcome::fail("panic", "what the step gave away could not be searched for secrets"))
}

fn without_secrets(outcome: Outcome, secrets: &Redactor) -> Outcome {
    match outcome {
        Outcome::Done { port, more_ports, output } => Outcome::Done { port, more_ports, output: secrets.value(output) },
        Outcome::Retry { class, reason, after } => {
            Outcome::Retry { class, reason: secrets.text(&reason).into_owned(), after }
        }
        Outcome::Fail { class, reason } => Outcome::Fail { class, reason: secrets.text(&reason).into_owned() },
        Outcome::Open { items, note } => {
            let items = items.into_iter().map(|item| secrets.value(item)).collect();
            Outcome::Open { items, note: secrets.value(note) }
        }
        Outcome::Away { reason } => Outcome::Away { reason: secrets.text(&reason).into_owned() },
        // What they hold is of the engine, and no secret.
        Outcome::Wait(_) | Outcome::Call { .. } => outcome,
    }
}
