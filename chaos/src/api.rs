//! A client of the HTTP API, as stubborn as a good client is: it repeats what was not answered, with the same key.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

use crate::secrets::Secret;

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Pause before a request without an answer is repeated.
const AGAIN: Duration = Duration::from_millis(150);
/// How often a request is repeated before the client gives up: minutes, longer than any outage.
const TIMES_MAX: usize = 1_000;

/// A workspace as its client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    url: String,
    key: String,
    /// What no answer may show, and how many did.
    secrets: Arc<Vec<Secret>>,
    shown: Arc<AtomicU64>,
}

/// A final answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Api {
    /// A client with a key; no answer may show one of `secrets`.
    pub(crate) fn new(url: &str, key: &str, secrets: Arc<Vec<Secret>>) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(ANSWER_MAX).build()?;
        Ok(Self { client, url: format!("{url}/api/v1"), key: key.to_owned(), secrets, shown: Arc::default() })
    }

    /// What answers have shown.
    pub(crate) fn leaks(&self) -> Option<String> {
        let shown = self.shown.load(Ordering::Relaxed);
        (shown > 0).then(|| format!("{shown} answers show a secret"))
    }

    /// The status and the text of an answer, whatever it is; notes a secret in it or in its headers.
    async fn answered(&self, request: RequestBuilder) -> reqwest::Result<(StatusCode, String)> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), format!("{:?}", response.headers()));
        let text = response.text().await?;
        let is_shown = self.secrets.iter().any(|secret| secret.is_in(&text) || secret.is_in(&headers));
        self.shown.fetch_add(is_shown.into(), Ordering::Relaxed);
        Ok((status, text))
    }

    /// Creates and publishes a workflow.
    pub(crate) async fn publish(&self, name: &str, graph: &Value) -> anyhow::Result<Uuid> {
        let made = self.post("workflows", None, &json!({ "name": name, "graph": graph })).await?;
        anyhow::ensure!(made.status == StatusCode::CREATED, "{name} was refused: {}", made.body);
        let id: Uuid = made.body["id"].as_str().or(made.body["workflow_id"].as_str()).context("no id")?.parse()?;
        let published = self.post(&format!("workflows/{id}/publish"), None, &json!({})).await?;
        anyhow::ensure!(published.status.is_success(), "{name} was not published: {}", published.body);
        Ok(id)
    }

    /// Asks to start an execution until there is a final answer.
    pub(crate) async fn start(&self, workflow_id: Uuid, key: &str, input: &Value) -> anyhow::Result<Answer> {
        self.post("executions", Some(key), &json!({ "workflow_id": workflow_id, "input": input })).await
    }

    /// The same, and waits in the request for what comes of it: at most that long.
    pub(crate) async fn start_and_wait(
        &self,
        workflow_id: Uuid,
        key: &str,
        input: &Value,
        wait: &str,
    ) -> anyhow::Result<Answer> {
        let path = format!("executions?wait={wait}");
        self.post(&path, Some(key), &json!({ "workflow_id": workflow_id, "input": input })).await
    }

    /// Sends an event until there is a final answer; the same id is the same event.
    pub(crate) async fn event(&self, type_name: &str, key: &str) -> anyhow::Result<Answer> {
        self.post("events", None, &json!({ "id": key, "type": type_name, "key": key })).await
    }

    /// Gives an order (`pause`, `resume`, `retry-now`) until there is a final answer.
    pub(crate) async fn order(&self, id: Uuid, order: &str) -> anyhow::Result<Answer> {
        self.post(&format!("executions/{id}/{order}"), None, &json!({})).await
    }

    /// Sends a signal until there is a final answer.
    pub(crate) async fn signal(&self, id: Uuid, name: &str, key: &str, payload: &Value) -> anyhow::Result<Answer> {
        self.post(&format!("executions/{id}/signals/{name}"), Some(key), payload).await
    }

    /// Asks to cancel an execution until there is a final answer.
    pub(crate) async fn cancel(&self, id: Uuid, force: bool) -> anyhow::Result<Answer> {
        self.post(&format!("executions/{id}/cancel"), None, &json!({ "force": force })).await
    }

    /// The status of a look at an execution.
    pub(crate) async fn look(&self, id: Uuid) -> anyhow::Result<StatusCode> {
        let request = self.client.get(format!("{}/executions/{id}", self.url)).bearer_auth(&self.key);
        Ok(self.answered(request).await?.0)
    }

    /// What is there.
    pub(crate) async fn read(&self, path: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}/{path}", self.url)).bearer_auth(&self.key);
        let (status, text) = self.answered(request).await?;
        anyhow::ensure!(status.is_success(), "{path} was answered {status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Puts something in its place.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<()> {
        let request = self.client.put(format!("{}/{path}", self.url)).bearer_auth(&self.key).json(body);
        let (status, text) = self.answered(request).await?;
        anyhow::ensure!(status.is_success(), "{path} was answered {status}: {text}");
        Ok(())
    }

    async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> anyhow::Result<Answer> {
        for _ in 0..TIMES_MAX {
            let mut request = self.client.post(format!("{}/{path}", self.url)).bearer_auth(&self.key).json(body);
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            // Errors of the server and wishes to wait are no answers.
            if let Ok((status, text)) = self.answered(request).await
                && !status.is_server_error()
                && status != StatusCode::TOO_MANY_REQUESTS
                && let Ok(body) = serde_json::from_str(&text)
            {
                return Ok(Answer { status, body });
            }
            sleep(AGAIN).await;
        }
        anyhow::bail!("{path} was not answered {TIMES_MAX} times")
    }
}
