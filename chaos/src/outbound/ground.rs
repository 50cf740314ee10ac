//! The ground of the proof: a database, an API process, workspaces with their endpoints.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use super::receiver::Receivers;
use crate::crew::Recipe;
use crate::database::Database;
use crate::process::Process;

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Pause before a request without a final answer is repeated, and how often that is done.
const AGAIN: Duration = Duration::from_millis(150);
const TIMES_MAX: usize = 400;

/// A cell with an API process and the receivers of its webhooks.
pub(crate) struct Ground {
    pub(super) receivers: Receivers,
    pub(crate) recipe: Recipe,
    pub(crate) database: Database,
    clients: Vec<Tenant>,
    tenants: Vec<Range<usize>>,
    server: Process,
}

/// A workspace, as its client sees it.
#[derive(Clone)]
pub(crate) struct Tenant {
    http: Client,
    url: String,
    key: String,
}

impl Ground {
    /// Sets up as an operator and the owners of workspaces do it.
    pub(crate) async fn set(binary: &Path, workspaces: usize, endpoints: usize) -> anyhow::Result<Self> {
        let (database, receivers) = (Database::start(None)?, Receivers::start().await?);
        let secret: Vec<u8> = [Uuid::now_v7().into_bytes(), Uuid::now_v7().into_bytes()].concat();
        let mut env = vec![("DATABASE_URL", database.url.clone())];
        env.push(("CAPSTAN_ALLOW_PRIVATE", receivers.address.to_string()));
        env.push(("CAPSTAN_SECRET_KEYS", format!("proof:{}", STANDARD.encode(secret))));
        Process::result(binary, &["migrate"], &env).await?;
        let mut keys = Vec::new();
        for nth in 0..workspaces {
            let name = format!("acme-{nth}");
            Process::result(binary, &["workspace", "create", &name], &env).await?;
            let key = Process::result(binary, &["key", "create", "--workspace", &name], &env).await?;
            keys.push(key["key"].as_str().context("no key")?.to_owned());
        }
        env.push(("CAPSTAN_LISTEN", "127.0.0.1:0".into()));
        let mut server = Process::spawn(binary, &["serve"], &env)?;
        let ready = server.ready().await.context("serve failed")?;
        let url = format!("{}/api/v1", ready["url"].as_str().context("no url")?);
        let http = Client::builder().timeout(ANSWER_MAX).build()?;
        let clients: Vec<Tenant> =
            keys.into_iter().map(|key| Tenant { http: http.clone(), url: url.clone(), key }).collect();
        let tenants: Vec<Range<usize>> = (0..workspaces).map(|nth| nth * endpoints..(nth + 1) * endpoints).collect();
        for (client, endpoints) in clients.iter().zip(&tenants) {
            for nth in endpoints.clone() {
                let url = format!("http://{}/{nth}", receivers.address);
                let body = json!({ "url": url, "types": ["proof.*"] });
                client.post("webhook-endpoints", &body, StatusCode::CREATED).await?;
            }
        }
        Ok(Self { receivers, recipe: Recipe { binary: binary.to_owned(), env }, database, clients, tenants, server })
    }

    /// The workspaces with their clients.
    pub(crate) fn clients(&self) -> impl Iterator<Item = (usize, Tenant)> {
        self.clients.iter().cloned().enumerate()
    }

    /// The endpoints of each workspace, which are numbered over all of them.
    pub(crate) fn tenants(&self) -> &[Range<usize>] {
        &self.tenants
    }

    /// Ends the API process.
    pub(crate) async fn leave(mut self) -> anyhow::Result<()> {
        self.server.end().await
    }
}

impl Tenant {
    /// Sends an event of that id.
    pub(crate) async fn send(self, event: String) -> anyhow::Result<()> {
        let body = json!({ "id": event, "type": "proof.told", "key": event, "data": { "event": event } });
        self.post("events", &body, StatusCode::ACCEPTED).await.map(drop)
    }

    /// Sends events together.
    pub(crate) async fn send_all(&self, events: &[Value]) -> anyhow::Result<()> {
        // A client on the same machine should cost little beside what it measures: nothing is copied, the answer is not parsed.
        let answer = self.answered("events/batch", &HashMap::from([("events", events)]), StatusCode::ACCEPTED).await?;
        answer.bytes().await?;
        Ok(())
    }

    /// Creates and publishes a workflow.
    pub(crate) async fn publish(&self, name: &str, graph: &Value) -> anyhow::Result<()> {
        let made = self.post("workflows", &json!({ "name": name, "graph": graph }), StatusCode::CREATED).await?;
        let id = made["id"].as_str().context("no id")?;
        self.post(&format!("workflows/{id}/publish"), &json!({}), StatusCode::CREATED).await.map(drop)
    }

    async fn post(&self, path: &str, body: &Value, wished: StatusCode) -> anyhow::Result<Value> {
        Ok(self.answered(path, body, wished).await?.json().await?)
    }

    /// Posts until there is a final answer, which has to be that one.
    async fn answered(&self, path: &str, body: &impl Serialize, wished: StatusCode) -> anyhow::Result<Response> {
        for _ in 0..TIMES_MAX {
            let request = self.http.post(format!("{}/{path}", self.url)).bearer_auth(&self.key).json(body);
            match request.send().await {
                Ok(answer) if answer.status() == wished => return Ok(answer),
                Ok(answer) if answer.status().is_client_error() && answer.status() != StatusCode::TOO_MANY_REQUESTS => {
                    anyhow::bail!("{path} was answered {}: {}", answer.status(), answer.text().await?);
                }
                _ => sleep(AGAIN).await,
            }
        }
        anyhow::bail!("{path} was not answered {TIMES_MAX} times")
    }
}
