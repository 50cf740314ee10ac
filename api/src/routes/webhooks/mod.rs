//! Outbound webhooks: endpoints, what was delivered to them, and which events there are.

pub(crate) mod actions;
pub(crate) mod certificate;
pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod event_types;
pub(crate) mod wish;

use axum::http::StatusCode;
use capstan_domain::webhooks::endpoints::{EndpointRow, find};
use capstan_domain::webhooks::{SecretError, SecretRow};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::auth::Caller;
use crate::problem::Problem;

/// What an endpoint is called where there is none.
const ENDPOINT: &str = "webhook endpoint";

/// An endpoint as its owner sees it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookEndpoint")]
pub(crate) struct EndpointView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    url: String,
    types: Vec<String>,
    filter: Option<String>,
    description: String,
    #[schemars(with = "crate::openapi::shapes::EndpointStatus")]
    status: String,
    reason: Option<String>,
    rate_per_s: Option<i32>,
    concurrency: i32,
    asymmetric: bool,
    /// Whether deliveries of one thing go one after the other.
    ordered: bool,
    client_certificate: Option<CertificateView>,
    failures: i32,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    failing_since: Option<DateTime<Utc>>,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "crate::openapi::shapes::Time")]
    updated_at: DateTime<Utc>,
    secrets: Vec<SecretView>,
    /// Only when it has just been made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    secret: Option<String>,
}

/// What is told of a certificate.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookClientCertificate")]
pub(crate) struct CertificateView {
    /// `sha256:` and 64 digits.
    fingerprint: String,
    #[schemars(with = "crate::openapi::shapes::Time")]
    set_at: DateTime<Utc>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WebhookSecret")]
pub(crate) struct SecretView {
    #[schemars(with = "crate::openapi::shapes::Id")]
    id: Uuid,
    #[schemars(with = "crate::openapi::shapes::Time")]
    created_at: DateTime<Utc>,
    #[schemars(with = "Option<crate::openapi::shapes::Time>")]
    until: Option<DateTime<Utc>>,
    /// `whpk_…`, where a key pair signs along.
    public_key: Option<String>,
}

impl From<SecretRow> for SecretView {
    fn from(row: SecretRow) -> Self {
        Self { id: row.secret_id, created_at: row.created_at, until: row.until_at, public_key: row.public_key }
    }
}

impl From<EndpointRow> for EndpointView {
    fn from(row: EndpointRow) -> Self {
        let certificate = row.certificate_fingerprint.zip(row.certificate_set_at);
        Self {
            id: row.endpoint_id,
            url: row.url,
            types: row.types,
            filter: row.filter,
            description: row.description,
            status: row.status,
            reason: row.reason,
            rate_per_s: row.rate_per_s,
            concurrency: row.concurrency,
            asymmetric: row.is_asymmetric,
            ordered: row.is_ordered,
            client_certificate: certificate.map(|(fingerprint, set_at)| CertificateView { fingerprint, set_at }),
            failures: row.failures,
            failing_since: row.failing_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
            secrets: row.secrets.into_iter().map(SecretView::from).collect(),
            secret: None,
        }
    }
}

/// An endpoint as the audit log shows it; the id of its newest secret stands for that.
fn shown(row: &EndpointRow) -> Value {
    json!({
        "id": row.endpoint_id, "url": row.url, "types": row.types, "filter": row.filter, "description": row.description,
        "status": row.status, "reason": row.reason, "rate_per_s": row.rate_per_s, "concurrency": row.concurrency,
        "asymmetric": row.is_asymmetric, "ordered": row.is_ordered, "client_certificate": row.certificate_fingerprint,
        "secret": row.secrets.first().map(|secret| secret.secret_id),
    })
}

/// The endpoint as the audit log shows it, which no other request changes until the transaction has ended; or 404.
async fn held(connection: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<Value, Problem> {
    caller.hold(connection, &format!("webhook endpoint {id}")).await?;
    Ok(shown(&known(connection, caller, id).await?))
}

/// The endpoint of that id, or 404.
async fn known(connection: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<EndpointRow, Problem> {
    let found = find(connection, caller.workspace_id, id).await?;
    found.ok_or_else(|| Problem::not_found(ENDPOINT, &id.to_string()))
}

/// The same, if it gets events at all.
async fn enabled(connection: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<EndpointRow, Problem> {
    let row = known(connection, caller, id).await?;
    if row.status == "disabled" {
        let detail = format!("the endpoint {} is disabled: nothing is sent to it", row.url);
        return Err(Problem::conflict("endpoint_disabled", detail, "enable it first"));
    }
    Ok(row)
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Seal(error) => error.into(),
            SecretError::Store(error) => error.into(),
        }
    }
}

fn no_such(id: Uuid) -> Problem {
    Problem::not_found(ENDPOINT, &id.to_string())
}

fn bad_number(detail: String, hint: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_number", detail, hint)
}
