//! Hook secrets: written once, never shown.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use capstan_domain::audit::Difference;
use capstan_domain::hooks::is_secret_name;
use capstan_domain::hooks::secrets::{self, HOOK_SECRET, HookSecretRow, SECRETS_MAX};
use capstan_domain::secrets::redact::Redactor;
use capstan_domain::secrets::seal;
use capstan_domain::webhooks::PublicKey;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::WorkspaceId;
use capstan_node_types::span;
use capstan_node_types::types::WebhookConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::id;
use crate::Api;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::paging::Paging;
use crate::problem::{Finding, Problem};
use crate::query::Query;

/// Most bytes of a request.
const WISH_BYTES_MAX: usize = 16 * 1024;
/// Shortest and longest secret, in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 8..=4_096;
/// Longest time that an old secret is good beside a new one, in seconds: a week.
const OVERLAP_S_MAX: u64 = 7 * 86_400;
/// The same if nothing is said: a day.
const OVERLAP_S_DEFAULT: u64 = 86_400;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewHookSecret")]
pub(crate) struct NewSecret {
    name: String,
    secret: String,
    /// How long others of the name stay good, such as `1d`.
    overlap: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /hook-secrets?limit&cursor`: newest first, without the secrets themselves.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let mut transaction = caller.read().await?;
    let rows = secrets::list(&mut transaction, caller.workspace_id, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row| row.id, |row| row)).into_response())
}

/// `POST /hook-secrets {name, secret, overlap?}`: 201. Others of the name are good for `overlap` more, a day if absent. 422
/// `bad_hook_secret`; 409 `too_many_hook_secrets`; 503 `no_secret_keys`.
pub(crate) async fn add(State(api): State<Api>, holder: Holder, request: Request) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    let new: NewSecret = body::typed(request, WISH_BYTES_MAX).await?;
    let overlap_s = check(&new)?;
    let secret_id = Uuid::now_v7();
    let sealed =
        seal(&api.settings.keys, caller.workspace_id, HOOK_SECRET, &secret_id.to_string(), new.secret.as_bytes())?;
    let mut transaction = caller.write().await?;
    let row = secrets::add(
        &mut transaction,
        caller.workspace_id,
        secret_id,
        &new.name,
        &sealed,
        &key.name,
        i64::try_from(overlap_s).unwrap_or(i64::MAX),
    );
    let row = row.await?.ok_or_else(|| {
        let detail = format!("the workspace has {SECRETS_MAX} hook secrets");
        Problem::conflict("too_many_hook_secrets", detail, "remove some first")
    })?;
    let secret = Redactor::default();
    secret.add([new.secret.as_str()]).map_err(|error| Problem::internal(error.to_string()))?;
    let made = Difference::between(&Value::Null, &shown(&row)).without(&secret);
    caller.tells(&mut transaction, made).await?;
    transaction.commit().await?;
    Ok((StatusCode::CREATED, Json(row)).into_response())
}

/// `DELETE /hook-secrets/{id}`: 204; calls that are signed with it are refused from then on. 404 unknown.
pub(crate) async fn remove(caller: Caller, Path(secret_id): Path<String>) -> Result<Response, Problem> {
    let uuid: Uuid = id(&secret_id, "hook secret")?;
    let mut transaction = caller.write().await?;
    let row = secrets::remove(&mut transaction, caller.workspace_id, uuid).await?;
    let row = row.ok_or_else(|| Problem::not_found("hook secret", &secret_id))?;
    caller.differs(&mut transaction, &shown(&row), &Value::Null).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A hook secret as the audit log shows it; its id stands for the secret itself.
fn shown(row: &HookSecretRow) -> Value {
    json!({ "id": row.id, "name": row.name, "until": row.until, "secret": row.id })
}

/// The overlap in seconds, if the rest is good, too. What is wrong is told without the secret.
fn check(new: &NewSecret) -> Result<u64, Problem> {
    let refused = |field: &str, detail: String, hint: &str| {
        let finding = Finding {
            code: "bad_hook_secret",
            pointer: format!("/{field}"),
            detail: detail.clone(),
            hint: hint.to_owned(),
        };
        Problem::unprocessable("bad_hook_secret", detail, hint).findings([finding])
    };
    if !is_secret_name(&new.name) {
        let detail = "the name cannot be used".to_owned();
        return Err(refused("name", detail, "use 1 to 100 letters, digits, -, _ and ."));
    }
    if !SECRET_BYTES.contains(&new.secret.len()) {
        let detail = format!("a secret has {} to {} bytes", SECRET_BYTES.start(), SECRET_BYTES.end());
        return Err(refused("secret", detail, "take the one that the sender signs with"));
    }
    if new.secret.starts_with("whpk_")
        && let Err(error) = PublicKey::parse(&new.secret)
    {
        return Err(refused("secret", error.to_string(), "copy the sender's public key whole"));
    }
    let overlap_s = match new.overlap.as_deref().map(span::parse) {
        None => OVERLAP_S_DEFAULT,
        Some(Ok(span)) => span.as_secs(),
        Some(Err(error)) => return Err(refused("overlap", error.to_string(), "write 1d")),
    };
    if overlap_s > OVERLAP_S_MAX {
        return Err(refused("overlap", "the overlap is longer than a week".into(), "write at most 7d"));
    }
    Ok(overlap_s)
}

/// Refuses to publish hooks whose secret is not there.
pub(crate) async fn require(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    graph: &Graph,
) -> Result<(), Problem> {
    let secret = |node: &capstan_engine::core::graph::Node| {
        let config: WebhookConfig = serde_json::from_value(node.config.clone()).ok()?;
        config.verify.secret.filter(|_| config.verify.preset.has_secret())
    };
    let booking = |node: &capstan_engine::core::graph::Node| Some(node.config.get("secret")?.as_str()?.to_owned());
    let named = |ix: usize, node: &capstan_engine::core::graph::Node| match node.type_name.as_str() {
        "trigger.webhook" => Some((ix, node.id.to_string(), secret(node)?, "verify/secret")),
        "trigger.demo_booked" => Some((ix, node.id.to_string(), booking(node)?, "secret")),
        _ => None,
    };
    let named: Vec<_> = graph.triggers().filter_map(|ix| named(ix, &graph.nodes[ix])).collect();
    if named.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = named.iter().map(|(_, _, name, _)| name.as_str()).collect();
    let unknown = secrets::unknown(connection, workspace_id, &names).await?;
    let missing = named.into_iter().filter(|(_, _, name, _)| unknown.contains(name));
    let findings: Vec<_> = missing
        .map(|(index, node_id, name, place)| {
            json!({
                "code": "unknown_hook_secret",
                "node_id": node_id,
                "pointer": format!("/nodes/{index}/data/config/{place}"),
                "detail": format!("hook \"{node_id}\" verifies with \"{name}\", and there is no hook secret of that name"),
                "hint": "add it with POST /api/v1/hook-secrets",
            })
        })
        .collect();
    match findings.first() {
        None => Ok(()),
        Some(first) => {
            let detail = first["detail"].as_str().unwrap_or_default().to_owned();
            let problem = Problem::unprocessable("unknown_hook_secret", detail, "add the secret, then publish");
            Err(problem.findings(findings))
        }
    }
}
