//! Asking a provider over HTTP: guarded, bounded, without redirects.

use std::time::Duration;

use capstan_node_types::services::guard::Guard;
use capstan_node_types::services::http::{HttpClient, HttpError, Request};
use futures::StreamExt;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use super::settings::is_safe;

/// Longest time for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// A provider gave no answer of use.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    #[error("{0} is not safe: only https:// is, or http:// on this machine")]
    Unsafe(Box<str>),
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("{0} did not answer within {s} s", s = ANSWER_TIMEOUT.as_secs())]
    Slow(Box<str>),
    #[error("the answer of {0} broke off, or has more than {ANSWER_BYTES_MAX} bytes")]
    Body(Box<str>),
    /// With the `error` of OAuth, if there is one.
    #[error("{url} answered {status} {error}")]
    Status { url: Box<str>, status: StatusCode, error: Box<str> },
    #[error("the answer of {url} cannot be read: {why}")]
    Form { url: Box<str>, why: String },
    #[error("{0}")]
    Wrong(String),
}

/// Asks providers.
pub(super) struct Wire(HttpClient);

impl Wire {
    /// Reaches what the operator allows, and where `issuers` are: they were named by the operator, too.
    pub(super) fn new(allow: &[String], issuers: &[Url]) -> Option<Self> {
        let place = |url: &Url| Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?));
        let allow: Vec<String> = allow.iter().cloned().chain(issuers.iter().filter_map(place)).collect();
        let made = Guard::new(&allow).map_err(|error| error.to_string());
        let made = made.and_then(|guard| HttpClient::new(guard).map_err(|error| error.to_string()));
        made.map(Self).map_err(|error| tracing::error!(error, "login providers cannot be asked")).ok()
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, url: &str, bearer: Option<&str>) -> Result<T, WireError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = bearer {
            let value = HeaderValue::from_str(&format!("Bearer {token}"));
            let value = value.map_err(|_| WireError::Wrong("an access token that is no header".into()))?;
            headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        json(url, &self.ask(Method::GET, url, headers, None).await?)
    }

    pub(super) async fn post_form<T: DeserializeOwned>(
        &self,
        url: &str,
        headers: HeaderMap,
        form: &[(&str, &str)],
    ) -> Result<T, WireError> {
        json(url, &self.send_form(url, headers, form).await?)
    }

    /// The same, where nothing matters but that the answer is a good one.
    pub(super) async fn tell_form(&self, url: &str, form: &[(&str, &str)]) -> Result<(), WireError> {
        self.send_form(url, HeaderMap::new(), form).await.map(drop)
    }

    async fn send_form(&self, url: &str, mut headers: HeaderMap, form: &[(&str, &str)]) -> Result<Vec<u8>, WireError> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, url, headers, Some(body.into_bytes())).await
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        mut headers: HeaderMap,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, WireError> {
        let shown: Box<str> = url.into();
        let url = Url::parse(url).ok().filter(is_safe).ok_or_else(|| WireError::Unsafe(shown.clone()))?;
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let request = Request { method, url, headers, body, is_traced: false };
        let whole = async {
            // Where a provider sends others, Capstan does not go: secrets are in what it would repeat.
            let response = self.0.execute(request, |_| true).await?;
            let status = response.status();
            Ok::<_, WireError>((status, read(response, &shown).await?))
        };
        let (status, bytes) =
            tokio::time::timeout(ANSWER_TIMEOUT, whole).await.map_err(|_| WireError::Slow(shown.clone()))??;
        if !status.is_success() {
            let said: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let error = said["error"].as_str().unwrap_or_default().chars().take(100).collect::<String>();
            return Err(WireError::Status { url: shown, status, error: error.into() });
        }
        Ok(bytes)
    }
}

fn json<T: DeserializeOwned>(url: &str, bytes: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(bytes).map_err(|error| WireError::Form { url: url.into(), why: error.to_string() })
}

async fn read(response: Response, url: &str) -> Result<Vec<u8>, WireError> {
    let mut whole = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| WireError::Body(url.into()))?;
        if whole.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(WireError::Body(url.into()));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}
