//! The node types as a simulation runs them: those that reach nothing outside of their execution.

mod case;
mod wish;

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use capstan_domain::approvals::{ApprovalStep, Ask, Link};
use capstan_domain::calls::{Callee, Calling, Started};
use capstan_domain::events::{Emitted, NewEvent, Wait, WaitingStep};
use capstan_engine::core::catalogue::{Catalogue, NodeTypeInfo};
use capstan_engine::core::child::OnCancel;
use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::core::simulate::{Runner, Trial};
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::node_type::{AnyNodeType, Context, LogLevel, LogSink};
use crate::registry::Registry;
use crate::services::approvals::{ApprovalDesk, DeskError};
use crate::services::calls::{Admission, CallDesk, CallError, Division};
use crate::services::credentials::NoVault;
use crate::services::events::{EventDesk, EventsAway};
use crate::services::leads::NoLeads;
use crate::services::mail::{Mail, MailSettings, Mailbox, MailboxError};
use crate::services::notices::NoNotices;
use crate::services::quotas::NoQuotas;
use crate::services::records::NoRecords;
use crate::services::{ServiceSettings, Services, ServicesError};

pub use case::{NoCase, Written, case_of};
pub use wish::{Fitted, Unfit, Wish, YEARS};

/// Longest time of one simulation.
pub const WALL_TIME_MAX: Duration = Duration::from_secs(5);
/// How often an attempt may give way before it is given up: it would wait for something that never comes.
const POLLS_MAX: u32 = 100_000;

/// Runs the attempts of one simulation.
pub struct LocalRunner<'a> {
    registry: &'a Registry,
    services: Arc<Services>,
    spent_at: Instant,
}

impl<'a> LocalRunner<'a> {
    /// For a simulation that begins now and takes at most `wall_time`.
    ///
    /// # Errors
    /// If this system cannot make the services that no attempt of it uses.
    pub fn new(registry: &'a Registry, wall_time: Duration) -> Result<Self, ServicesError> {
        Ok(Self { registry, services: unused()?, spent_at: Instant::now() + wall_time })
    }

    fn local(&self, type_name: &str) -> Option<&dyn AnyNodeType> {
        self.registry.get(type_name).filter(|node_type| node_type.is_local())
    }
}

impl Runner for LocalRunner<'_> {
    fn runs(&self, type_name: &str) -> bool {
        self.local(type_name).is_some()
    }

    fn node_type(&self, type_name: &str) -> Option<&dyn NodeTypeInfo> {
        self.registry.node_type(type_name)
    }

    fn run(&self, trial: &Trial<'_>) -> Outcome {
        let Some(node_type) = self.local(&trial.node.type_name) else {
            return Outcome::fail("config", format!("node type \"{}\" is not run here", trial.node.type_name));
        };
        let context = Context {
            workspace_id: WorkspaceId(Uuid::nil()),
            execution_id: trial.execution_id,
            step: trial.step.clone(),
            attempt: trial.attempt,
            round: 0,
            now: trial.now,
            wake: trial.wake.clone(),
            log: Arc::new(NoLog),
            services: Arc::clone(&self.services),
            secrets: Arc::default(),
            database: Arc::default(),
        };
        let run = || at_once(node_type.run(trial.config, &context));
        catch_unwind(AssertUnwindSafe(run))
            .unwrap_or_else(|_| Outcome::fail("panic", "the node type failed in a way that it should not"))
    }

    fn is_spent(&self) -> bool {
        Instant::now() >= self.spent_at
    }
}

/// The outcome of an attempt that waits for nothing but its turn.
fn at_once(attempt: impl Future<Output = Outcome>) -> Outcome {
    let mut attempt = pin!(attempt);
    let mut context = TaskContext::from_waker(Waker::noop());
    for _ in 0..POLLS_MAX {
        if let Poll::Ready(outcome) = attempt.as_mut().poll(&mut context) {
            return outcome;
        }
    }
    Outcome::fail("simulation", "the attempt waits for something outside of the simulation")
}

/// Services that reach nobody; made once, as making them reads the system's certificates.
fn unused() -> Result<Arc<Services>, ServicesError> {
    static UNUSED: OnceLock<Arc<Services>> = OnceLock::new();
    if let Some(services) = UNUSED.get() {
        return Ok(Arc::clone(services));
    }
    let mail = MailSettings { from: "nobody@example.com".into(), ..MailSettings::default() };
    let made = Services::new(ServiceSettings {
        allow: Vec::new(),
        mail,
        mailbox: Arc::new(NoMailbox),
        approvals: Arc::new(NoDesk),
        events: Arc::new(NoDesk),
        leads: Arc::new(NoLeads),
        records: Arc::new(NoRecords),
        notices: Arc::new(NoNotices),
        calls: Arc::new(NoCalls),
        quotas: Arc::new(NoQuotas),
        credentials: Arc::new(NoVault),
        public_url: "http://simulation.invalid".into(),
    })?;
    Ok(Arc::clone(UNUSED.get_or_init(|| Arc::new(made))))
}

struct NoLog;

impl LogSink for NoLog {
    fn log(&self, _level: LogLevel, _message: &str) {}
}

struct NoMailbox;

impl Mailbox for NoMailbox {
    fn store<'a>(&'a self, _workspace: WorkspaceId, _mail: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
        Box::pin(async { Err(StoreError::Unsupported("a simulation sends no mail".into()).into()) })
    }
}

/// Nobody is asked, and no event comes or goes: what a person answers, and an event, is a signal of the simulation.
struct NoDesk;

impl ApprovalDesk for NoDesk {
    fn ask<'a>(&'a self, _asking: &'a ApprovalStep, _what: &'a Ask) -> BoxFuture<'a, Result<(), DeskError>> {
        Box::pin(async { Ok(()) })
    }
    fn expire<'a>(&'a self, _asking: &'a ApprovalStep) -> BoxFuture<'a, Result<Option<Value>, DeskError>> {
        Box::pin(async { Ok(None) })
    }
    fn token<'a>(&'a self, _link: &'a Link) -> BoxFuture<'a, Result<String, DeskError>> {
        Box::pin(async { Ok("simulated".into()) })
    }
}

impl EventDesk for NoDesk {
    fn wait<'a>(&'a self, _: &'a WaitingStep, _: &'a Wait) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        Box::pin(async { Ok(None) })
    }
    fn expire<'a>(&'a self, _: &'a WaitingStep, _: &'a Wait) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        Box::pin(async { Ok(None) })
    }
    fn emit<'a>(
        &'a self,
        _: WorkspaceId,
        _: ExecutionId,
        _: &'a NewEvent,
    ) -> BoxFuture<'a, Result<Emitted, EventsAway>> {
        Box::pin(async { Ok(Emitted::Full) })
    }
}

/// Nothing is called: a stub stands for a child.
struct NoCalls;

impl NoCalls {
    fn none<T: Send + 'static>() -> BoxFuture<'static, Result<T, CallError>> {
        Box::pin(async { Err(StoreError::Unsupported("a simulation starts no executions".into()).into()) })
    }
}

impl CallDesk for NoCalls {
    fn find<'a>(
        &'a self,
        _calling: &'a Calling,
        _workflow: &'a str,
        _number: Option<i32>,
    ) -> BoxFuture<'a, Result<Option<Callee>, CallError>> {
        Self::none()
    }
    fn admit<'a>(&'a self, _calling: &'a Calling) -> BoxFuture<'a, Result<Admission, CallError>> {
        Self::none()
    }
    fn divide<'a>(&'a self, _calling: &'a Calling) -> BoxFuture<'a, Result<Division, CallError>> {
        Self::none()
    }
    fn started<'a>(
        &'a self,
        _calling: &'a Calling,
        _on_cancel: OnCancel,
    ) -> BoxFuture<'a, Result<Option<Started>, CallError>> {
        Self::none()
    }
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}
