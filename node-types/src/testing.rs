//! What the tests of node types share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use capstan_domain::approvals::{ApprovalStep, Ask, Link};
use capstan_domain::calls::{Callee, Calling, Started};
use capstan_domain::credentials::{Kept, Opened, Token};
use capstan_domain::events::{Emitted, NewEvent, Wait, WaitingStep};
use capstan_domain::secrets::OpenError;
use capstan_engine::core::child::OnCancel;
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, VersionId, WorkflowId, WorkspaceId};
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;
use serde_json::Value;
use uuid::Uuid;

use crate::node_type::{Context, LogLevel, LogSink};
use crate::services::approvals::{ApprovalDesk, DeskError};
use crate::services::calls::{Admission, CallDesk, CallError, Division};
use crate::services::credentials::{CredentialVault, NoVault};
use crate::services::events::{EventDesk, EventsAway};
use crate::services::leads::{LeadDesk, NoLeads};
use crate::services::mail::{Mail, MailSettings, Mailbox, MailboxError};
use crate::services::notices::{NoNotices, NoticeDesk};
use crate::services::quotas::{NoQuotas, QuotaDesk};
use crate::services::records::NoRecords;
use crate::services::{ServiceSettings, Services};

/// `now` of every test context.
pub(crate) const NOW: &str = "2026-01-01T00:00:00Z";

/// Keeps log lines as `level message`.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl LogSink for Lines {
    fn log(&self, level: LogLevel, message: &str) {
        self.0.lock().unwrap().push(format!("{} {message}", level.as_str()));
    }
}

/// A mailbox in memory.
#[derive(Default)]
pub(crate) struct Mails(pub(crate) Mutex<Vec<Mail>>);

impl Mailbox for Mails {
    fn store<'a>(&'a self, _workspace: WorkspaceId, mail: Mail) -> BoxFuture<'a, Result<(), MailboxError>> {
        self.0.lock().unwrap().push(mail);
        Box::pin(async { Ok(()) })
    }
}

/// A desk in memory.
#[derive(Default)]
pub(crate) struct Answers {
    pub(crate) asked: Mutex<Vec<(ApprovalStep, Ask)>>,
    /// What came before the time was over.
    pub(crate) answer: Mutex<Option<Value>>,
    /// Whether nothing can be kept.
    pub(crate) away: bool,
}

impl Answers {
    fn reply<T: Send + 'static>(&self, what: T) -> BoxFuture<'static, Result<T, DeskError>> {
        let away = self.away.then(|| DeskError::Away(StoreError::LockTimeout));
        Box::pin(async { away.map_or(Ok(what), Err) })
    }
}

impl ApprovalDesk for Answers {
    fn ask<'a>(&'a self, asking: &'a ApprovalStep, what: &'a Ask) -> BoxFuture<'a, Result<(), DeskError>> {
        self.asked.lock().unwrap().push((asking.clone(), what.clone()));
        self.reply(())
    }

    fn expire<'a>(&'a self, _asking: &'a ApprovalStep) -> BoxFuture<'a, Result<Option<Value>, DeskError>> {
        self.reply(self.answer.lock().unwrap().clone())
    }

    fn token<'a>(&'a self, link: &'a Link) -> BoxFuture<'a, Result<String, DeskError>> {
        self.reply(format!("token-of-{}-for-{}", link.asking.step, link.holder))
    }
}

/// Events in memory.
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) waits: Mutex<Vec<(WaitingStep, Wait)>>,
    pub(crate) sent: Mutex<Vec<NewEvent>>,
    /// What is there before the step waits, or before its time is over.
    pub(crate) event: Option<Value>,
    /// What becomes of an event that is sent.
    pub(crate) emitted: Option<Emitted>,
}

impl Events {
    fn reply<T: Send + 'static>(what: Option<T>) -> BoxFuture<'static, Result<T, EventsAway>> {
        Box::pin(async { what.ok_or_else(|| StoreError::LockTimeout.into()) })
    }
}

impl EventDesk for Events {
    fn wait<'a>(
        &'a self,
        waiting: &'a WaitingStep,
        what: &'a Wait,
    ) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        self.waits.lock().unwrap().push((waiting.clone(), what.clone()));
        Self::reply(Some(self.event.clone()))
    }

    fn expire<'a>(&'a self, _: &'a WaitingStep, _: &'a Wait) -> BoxFuture<'a, Result<Option<Value>, EventsAway>> {
        Self::reply(Some(self.event.clone()))
    }

    fn emit<'a>(
        &'a self,
        _: WorkspaceId,
        _: ExecutionId,
        event: &'a NewEvent,
    ) -> BoxFuture<'a, Result<Emitted, EventsAway>> {
        self.sent.lock().unwrap().push(event.clone());
        Self::reply(self.emitted.clone())
    }
}

/// A desk in memory for calls.
#[derive(Default)]
pub(crate) struct Calls {
    pub(crate) found: Option<Callee>,
    pub(crate) started: Option<Started>,
    /// Whether nothing can be looked up.
    pub(crate) away: bool,
    /// What stands above an execution that may not call any more.
    pub(crate) above: Vec<String>,
}

impl Calls {
    fn reply<T: Send + 'static>(&self, what: T) -> BoxFuture<'static, Result<T, CallError>> {
        let away = self.away.then(|| CallError::Away(StoreError::LockTimeout));
        Box::pin(async { away.map_or(Ok(what), Err) })
    }
}

impl CallDesk for Calls {
    fn find<'a>(
        &'a self,
        _calling: &'a Calling,
        _workflow: &'a str,
        _number: Option<i32>,
    ) -> BoxFuture<'a, Result<Option<Callee>, CallError>> {
        self.reply(self.found.clone())
    }

    fn admit<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Admission, CallError>> {
        if !self.above.is_empty() {
            let above = self.above.clone();
            return Box::pin(async { Err(CallError::TooDeep(above)) });
        }
        self.reply(Admission { root_id: calling.execution_id, depth: 1, vt: 7 })
    }

    fn divide<'a>(&'a self, calling: &'a Calling) -> BoxFuture<'a, Result<Division, CallError>> {
        let admission = Admission { root_id: calling.execution_id, depth: 17, vt: 7 };
        let (workflow_id, version_id) = (WorkflowId::new(), VersionId::new());
        self.reply(Division { workflow_id, version_id, admission })
    }

    fn started<'a>(
        &'a self,
        _calling: &'a Calling,
        _on_cancel: OnCancel,
    ) -> BoxFuture<'a, Result<Option<Started>, CallError>> {
        self.reply(self.started.clone())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// First attempt of the step `node`, with services that reach no private address.
pub(crate) fn context() -> Context {
    context_allowing(&[])
}

/// The same, with these private servers allowed.
pub(crate) fn context_allowing(servers: &[SocketAddr]) -> Context {
    let mail = MailSettings { from: "Capstan <capstan@example.com>".into(), ..MailSettings::default() };
    context_with(servers, mail, Arc::new(Mails::default()))
}

pub(crate) fn context_with(servers: &[SocketAddr], mail: MailSettings, mailbox: Arc<dyn Mailbox>) -> Context {
    let allow = servers.iter().map(ToString::to_string).collect();
    context_of(ServiceSettings { allow, mail, mailbox, ..settings() })
}

/// The same with this desk.
pub(crate) fn context_at(approvals: Arc<dyn ApprovalDesk>) -> Context {
    context_of(ServiceSettings { approvals, ..settings() })
}

/// The same with these events.
pub(crate) fn context_among(events: Arc<dyn EventDesk>) -> Context {
    context_of(ServiceSettings { events, ..settings() })
}

/// The same with this desk for leads.
pub(crate) fn context_with_leads(leads: Arc<dyn LeadDesk>) -> Context {
    context_of(ServiceSettings { leads, ..settings() })
}

/// The same with this desk for notices.
pub(crate) fn context_telling(notices: Arc<dyn NoticeDesk>) -> Context {
    context_of(ServiceSettings { notices, ..settings() })
}

/// The same with this desk for calls.
pub(crate) fn context_calling(calls: Calls) -> Context {
    context_of(ServiceSettings { calls: Arc::new(calls), ..settings() })
}

/// The same with this desk for quotas.
pub(crate) fn context_within(quotas: Arc<dyn QuotaDesk>) -> Context {
    context_of(ServiceSettings { quotas, ..settings() })
}

/// A vault that knows one credential by every name.
struct One(Opened);

impl CredentialVault for One {
    fn find<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Result<Opened, OpenError>>, StoreError>> {
        let found = self.0.clone();
        Box::pin(async { Ok(Some(Ok(found))) })
    }

    fn begin_refresh<'a>(&'a self, _: WorkspaceId, _: &'a Opened) -> BoxFuture<'a, Result<Option<i64>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn finish_refresh<'a>(
        &'a self,
        _: WorkspaceId,
        _: &'a Opened,
        _: i64,
        _: &'a Token,
        _: Duration,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }

    fn give_up_refresh<'a>(&'a self, _: WorkspaceId, _: &'a Opened, _: i64) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }
}

/// The same with one credential, by every name, which may be sent to `hosts`, and with these private servers allowed.
pub(crate) fn context_keeping(allow: Vec<String>, kind: &str, hosts: Vec<String>, fields: Value) -> Context {
    let fields = fields.as_object().expect("the fields of a credential are an object").clone();
    let kept = Kept { kind: kind.into(), allowed_hosts: hosts, fields };
    let opened = Opened { credential_id: Uuid::nil(), revision: 1, kept, token: None, is_fresh: false, refresh_no: 0 };
    context_of(ServiceSettings { allow, credentials: Arc::new(One(opened)), ..settings() })
}

/// The same with the credentials of a vault.
pub(crate) fn context_opening(allow: Vec<String>, credentials: Arc<dyn CredentialVault>) -> Context {
    context_of(ServiceSettings { allow, credentials, ..settings() })
}

/// Settings of services that reach nothing.
pub(crate) fn settings() -> ServiceSettings {
    ServiceSettings {
        allow: Vec::new(),
        mail: MailSettings { from: "Capstan <capstan@example.com>".into(), ..MailSettings::default() },
        mailbox: Arc::new(Mails::default()),
        approvals: Arc::new(Answers::default()),
        events: Arc::new(Events::default()),
        leads: Arc::new(NoLeads),
        records: Arc::new(NoRecords),
        notices: Arc::new(NoNotices),
        calls: Arc::new(Calls::default()),
        quotas: Arc::new(NoQuotas),
        credentials: Arc::new(NoVault),
        public_url: "http://127.0.0.1:7400".into(),
    }
}

fn context_of(settings: ServiceSettings) -> Context {
    let services = Services::new(settings).unwrap();
    Context {
        workspace_id: WorkspaceId::new(),
        execution_id: ExecutionId::new(),
        step: StepKey::root(NodeId::from("node")),
        attempt: 1,
        round: 0,
        now: NOW.parse().unwrap(),
        wake: None,
        log: Arc::new(Lines::default()),
        services: Arc::new(services),
        secrets: Arc::default(),
        database: Arc::default(),
    }
}

/// Class and reason of a failure; anything else fails the test.
pub(crate) fn failed(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Fail { class, reason } => (class, reason),
        other => panic!("expected a failure, got {other:?}"),
    }
}

/// Why an attempt was none; anything else fails the test.
pub(crate) fn put_off(outcome: Outcome) -> String {
    match outcome {
        Outcome::Away { reason } => reason,
        other => panic!("expected that the database was away, got {other:?}"),
    }
}

/// Class and reason of a retry; anything else fails the test.
pub(crate) fn retried(outcome: Outcome) -> (String, String) {
    match outcome {
        Outcome::Retry { class, reason, .. } => (class, reason),
        other => panic!("expected a retry, got {other:?}"),
    }
}
