//! A client of a running server: what `capstan` asks over HTTP.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use crate::output::failure::BadInput;
use crate::output::hidden;

/// Longest wait for a connection, and for a whole answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Which server, and who asks.
#[derive(Args, Clone)]
pub(crate) struct ServerArgs {
    /// Where the API answers.
    #[arg(long, env = "CAPSTAN_URL", default_value = "http://127.0.0.1:7400", help_heading = "Server")]
    url: String,
    /// API key of the workspace; `dev` lets anyone on this machine look without.
    #[arg(long, env = "CAPSTAN_API_KEY", hide_env_values = true, help_heading = "Server")]
    api_key: Option<String>,
}

impl fmt::Debug for ServerArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = hidden(self.api_key.as_ref());
        f.debug_struct("ServerArgs").field("url", &self.url).field("api_key", &key).finish()
    }
}

/// Asks one server.
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    api_key: Option<String>,
}

impl Client {
    /// A client of the server that is named.
    pub(crate) fn new(args: &ServerArgs) -> anyhow::Result<Self> {
        let bad = |why: &dyn std::fmt::Display| {
            let url = &args.url;
            BadInput(format!("the server's address {url:?} cannot be used ({why}): give --url https://host[:port]"))
        };
        let mut base = Url::parse(&args.url).map_err(|error| bad(&error))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad(&"it is no HTTP address").into());
        }
        base.set_path(&format!("{}/api/v1/", base.path().trim_end_matches('/')));
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(ANSWER_TIMEOUT)
            // A key goes to the server that was named and to no other.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { http, base, api_key: args.api_key.clone().filter(|key| !key.trim().is_empty()) })
    }

    /// What lies at `path`, below `/api/v1/`: its parts, which are encoded.
    pub(crate) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Value> {
        self.ask(self.request(Method::GET, path).query(query)).await
    }

    /// What becomes of `body` at `path`.
    pub(crate) async fn post(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        self.ask(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path);
        }
        let request = self.http.request(method, url);
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let server = self.base.origin().ascii_serialization();
        let answer = request.send().await.map_err(|error| {
            let why = if error.is_timeout() { "did not answer in time" } else { "cannot be reached" };
            anyhow!(error.without_url())
                .context(format!("{server} {why}: is `capstan serve` or `capstan dev` running, and is --url right?"))
        })?;
        let status = answer.status();
        let body = whole(answer).await.with_context(|| format!("{server} answered {status}"))?;
        if status.is_success() { Ok(body) } else { Err(self.refused(status, &body)) }
    }

    /// What a problem says, and what to do.
    fn refused(&self, status: StatusCode, problem: &Value) -> anyhow::Error {
        let text = |name: &str| problem[name].as_str();
        let detail = text("detail").map_or_else(|| format!("the server answered {status}"), str::to_owned);
        let hint = match (status, &self.api_key) {
            (StatusCode::UNAUTHORIZED, None) => Some("give --api-key, or set CAPSTAN_API_KEY"),
            _ => text("hint"),
        };
        let said = hint.map_or_else(|| detail.clone(), |hint| format!("{detail}: {hint}"));
        if status.is_client_error() { BadInput(said).into() } else { anyhow!(said) }
    }
}

/// The body as JSON, read no further than is allowed.
async fn whole(mut answer: Response) -> anyhow::Result<Value> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            bail!("with more than {ANSWER_BYTES_MAX} bytes");
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).context("with something that is no JSON: is that address Capstan's?")
}
