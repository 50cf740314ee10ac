//! One attempt to bring an event to an endpoint: guarded as the requests of workflows are, never redirected, bounded in time
//! and in what is kept of the answer.

use std::time::{Duration, Instant};

use capstan_domain::webhooks::{Attempt, Broke, retry_after};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use tokio::time::timeout;
use url::Url;

use super::http::{HttpClient, HttpError, Request};

/// Most bytes that are kept of the body of an answer.
const RESPONSE_BYTES_MAX: usize = 16 * 1024;
/// Longest time that is spent on the body of an answer: the status has come by then.
const RESPONSE_TIME: Duration = Duration::from_secs(2);

/// What is sent.
#[derive(Clone, Debug)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
    /// The time of the attempt, by the database's clock.
    pub now: DateTime<Utc>,
}

/// Sends it once, within `limit` for everything up to the status.
pub async fn post(client: &HttpClient, post: Post, limit: Duration) -> Attempt {
    let begun = Instant::now();
    let now = post.now;
    let mut attempt = match timeout(limit, send(client, post)).await {
        Ok(Ok(response)) => answered(response, now).await,
        Ok(Err(broken)) => broken,
        Err(_) => broken(Broke::Timeout, format!("no answer came within {} s", limit.as_secs_f32())),
    };
    attempt.duration = begun.elapsed();
    attempt
}

async fn send(client: &HttpClient, post: Post) -> Result<Response, Attempt> {
    let refused = |why: String| broken(Broke::Refused, why);
    let url = Url::parse(&post.url).map_err(|error| refused(format!("the URL cannot be used: {error}")))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in post.headers {
        let value = HeaderValue::from_str(&value).map_err(|error| refused(format!("{name}: {error}")))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    let request = Request { method: Method::POST, url, headers, body: Some(post.body.into_bytes()), is_traced: true };
    client.execute(request, |_| true).await.map_err(|error| {
        let class = match error {
            HttpError::Refused(_) => Broke::Refused,
            HttpError::Timeout { .. } => Broke::Timeout,
            HttpError::Connect { .. } | HttpError::Broken { .. } | HttpError::Redirect { .. } => Broke::Connection,
        };
        broken(class, error.to_string())
    })
}

async fn answered(mut response: Response, now: DateTime<Utc>) -> Attempt {
    let status = response.status().as_u16();
    let wished = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wished = wished.and_then(|value| retry_after(value, now));
    let mut body = Vec::new();
    let reading = async {
        while body.len() < RESPONSE_BYTES_MAX {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(RESPONSE_BYTES_MAX - body.len())]);
        }
    };
    let _ = timeout(RESPONSE_TIME, reading).await;
    let text = String::from_utf8_lossy(&body).replace('\0', "\u{fffd}");
    Attempt {
        status: Some(status),
        retry_after: wished,
        broke: None,
        detail: None,
        response: Some(text),
        duration: Duration::ZERO,
    }
}

fn broken(class: Broke, detail: String) -> Attempt {
    let detail = Some(detail.replace('\0', "\u{fffd}"));
    Attempt { status: None, retry_after: None, broke: Some(class), detail, response: None, duration: Duration::ZERO }
}
