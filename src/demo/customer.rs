//! The customers of the demo: their mail lands in the sandbox mailbox, and after a while they answer by a signal.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use capstan_engine::core::graph::NodeIx;
use capstan_engine::core::ids::{ExecutionId, NodeId, SignalId, WorkspaceId};
use capstan_engine::core::state::StepStatus;
use capstan_engine::store::connect::Place;
use capstan_engine::store::signals;
use capstan_node_types::services::Services;
use capstan_node_types::services::http::{HttpClient, Request};
use capstan_node_types::services::mail::Mailbox;
use capstan_node_types::smtp_sink::ReceivedMail;
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore};

use super::{Incoming, Reply, letter};
use crate::follow::Followed;
use crate::mailbox::SandboxMailbox;
use crate::tenant;

/// Customers whose address begins so take their time.
pub(crate) const SLOW_PREFIX: &str = "slow";
/// How long these take to answer.
pub(crate) const SLOW_REPLY_AFTER: Duration = Duration::from_secs(60);
/// How long a customer takes whose mail came before this process was started.
const CAUGHT_UP_REPLY_AFTER: Duration = Duration::from_secs(3);
/// Most answers on their way; further customers stay silent, and their executions time out.
const REPLIES_MAX: usize = 10_000;
/// Header by which our mailer names the step: `execution:node:scope`.
const KEY_HEADER: &str = "X-Idempotency-Key";

/// How an answer gets to its execution.
#[derive(Clone)]
pub(crate) enum Answers {
    /// Over the HTTP API, as the outside world does.
    Http {
        /// Allowed to reach `url`.
        client: Arc<Services>,
        /// Of the API, without a slash at the end.
        url: String,
        /// API key.
        key: String,
    },
    /// Directly into the database, where no API is served.
    Store {
        /// Connections of the API role.
        pool: PgPool,
        /// Tells the worker of this process.
        waker: Arc<Notify>,
    },
}

/// Everybody who gets mail.
#[derive(Clone)]
pub(crate) struct Customers {
    mailbox: Arc<SandboxMailbox>,
    workspace: WorkspaceId,
    answers: Answers,
    reply_after: Duration,
    replies: Arc<Vec<Reply>>,
    room: Arc<Semaphore>,
}

impl Customers {
    /// Customers of `workspace`, who answer after `reply_after`. `replies` are for mails of an earlier process.
    pub(crate) fn new(
        cell: &Place,
        workspace: WorkspaceId,
        answers: Answers,
        reply_after: Duration,
        replies: Vec<Reply>,
    ) -> Self {
        let mailbox = Arc::new(SandboxMailbox::new(cell));
        Self {
            mailbox,
            workspace,
            answers,
            reply_after,
            replies: Arc::new(replies),
            room: Arc::new(Semaphore::new(REPLIES_MAX)),
        }
    }

    /// Keeps each mail in the mailbox and has it answered.
    pub(super) async fn read(self, mut incoming: Incoming) {
        while let Some((mail, kept)) = incoming.mails.recv().await {
            if let Err(error) = self.mailbox.store(self.workspace, letter::read(&mail)).await {
                tracing::warn!(%error, "a mail of the demo could not be kept; its sender will try again");
                continue;
            }
            // A client that has gone will send the mail again: the mailbox knows it by its Message-ID.
            let _ = kept.send(());
            let slow = mail.to.iter().any(|to| to.starts_with(SLOW_PREFIX));
            let after = if slow { SLOW_REPLY_AFTER } else { self.reply_after };
            match execution_of(&mail) {
                Some(id) => self.reply(id, incoming.reply.clone(), after),
                None => tracing::debug!("a mail that names no execution is not answered"),
            }
        }
    }

    /// Answers the mails of an execution that came before this process was started, unless they were answered then.
    pub(crate) fn catch_up(&self, followed: &Followed) {
        for node in &followed.graph.nodes {
            for reply in self.replies.iter() {
                if node.config.get("signal").and_then(Value::as_str) == Some(&reply.signal)
                    && is_open(followed, &node.id)
                    && node.ancestors.iter().any(|&ix| has_sent_mail(followed, ix))
                {
                    self.reply(followed.id, reply.clone(), CAUGHT_UP_REPLY_AFTER);
                }
            }
        }
    }

    fn reply(&self, id: ExecutionId, reply: Reply, after: Duration) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else { return };
        let customers = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            if let Err(error) = customers.answers.send(customers.workspace, id, &reply.signal, &reply.payload).await {
                tracing::warn!("a customer of the demo cannot answer: {error:#}");
            }
            drop(permit);
        });
    }
}

fn is_open(followed: &Followed, id: &NodeId) -> bool {
    let status = followed.graph.find(id).and_then(|ix| Some(followed.state.latest(&followed.graph, ix)?.status));
    matches!(status, Some(StepStatus::Pending | StepStatus::Running | StepStatus::Waiting))
}

fn has_sent_mail(followed: &Followed, ix: NodeIx) -> bool {
    followed.graph.nodes[ix].type_name == "action.send_email"
        && followed.state.latest(&followed.graph, ix).is_some_and(|step| step.status == StepStatus::Completed)
}

/// The execution that sent a mail.
fn execution_of(mail: &ReceivedMail) -> Option<ExecutionId> {
    mail.header(KEY_HEADER)?.split(':').next()?.parse().ok()
}

impl Answers {
    async fn send(&self, workspace: WorkspaceId, id: ExecutionId, signal: &str, payload: &Value) -> anyhow::Result<()> {
        match self {
            Self::Http { client, url, key } => post(&client.http, url, key, id, signal, payload).await,
            Self::Store { pool, waker } => {
                let mut transaction = tenant::begin(pool, workspace).await?;
                signals::send(&mut transaction, workspace, id, SignalId::new(), signal, payload).await?;
                transaction.commit().await?;
                waker.notify_one();
                Ok(())
            }
        }
    }
}

async fn post(
    client: &HttpClient,
    url: &str,
    key: &str,
    id: ExecutionId,
    signal: &str,
    payload: &Value,
) -> anyhow::Result<()> {
    let mut request = Request {
        method: "POST".parse()?,
        url: format!("{url}/api/v1/executions/{id}/signals/{signal}").parse()?,
        headers: Default::default(),
        body: Some(payload.to_string().into_bytes()),
        is_traced: false,
    };
    request.headers.insert("authorization", format!("Bearer {key}").parse()?);
    request.headers.insert("content-type", "application/json".parse()?);
    let response = client.execute(request, |_| true).await.context("the API cannot be reached")?;
    let status = response.status();
    // An execution that has ended meanwhile needs no answer.
    if !status.is_success() && status.as_u16() != 409 {
        bail!("the API answered {status} to signal {signal:?} for execution {id}");
    }
    Ok(())
}
