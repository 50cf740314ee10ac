//! What a person was told, in all of their workspaces, and of what they want mails.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::notifications::{self, KEPT_MAX, Kind};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actor::Actor;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::Query;
use crate::{Api, body};

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 16 * 1024;

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NotificationQuery")]
pub(crate) struct ListQuery {
    /// `true` for those that are not read.
    unread: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReadNotifications")]
pub(crate) struct Read {
    /// Which; all, if it is absent.
    #[schemars(with = "Option<Vec<crate::openapi::shapes::Id>>")]
    ids: Option<Vec<Uuid>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotificationWish")]
pub(crate) struct Wish {
    /// Whether to be mailed.
    mail: bool,
}

/// `GET /notifications?unread&limit&cursor`: one's own, newest first, and how many are not read. 400 `bad_unread`.
pub(crate) async fn list(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let only_unread = match query.unread.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::bad_request("bad_unread", "unread is neither true nor false", "send unread=true"));
        }
    };
    let user_id = actor.person()?.user_id;
    let mut transaction = api.people.pool.begin().await?;
    let rows = notifications::list(&mut transaction, user_id, only_unread, paging.before, paging.rows()).await?;
    let unread = notifications::unread(&mut transaction, user_id).await?;
    transaction.commit().await?;
    let mut page = json!(paging.page(rows, |row| row.id, |row| row));
    page["unread"] = json!(unread);
    Ok(Json(page).into_response())
}

/// `POST /notifications/read {ids?}`: 200 with how many are not read then. Ids of others change nothing. 422 `too_many`.
pub(crate) async fn read(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let wish: Read = body::typed_or_default(request, BODY_BYTES_MAX).await?;
    if wish.ids.as_ref().is_some_and(|ids| i64::try_from(ids.len()).unwrap_or(i64::MAX) > KEPT_MAX) {
        let detail = format!("nobody has more than {KEPT_MAX} notifications");
        return Err(Problem::unprocessable("too_many", detail, "leave ids out to mark all"));
    }
    let user_id = actor.person()?.user_id;
    let mut transaction = api.people.pool.begin().await?;
    notifications::mark_read(&mut transaction, user_id, wish.ids.as_deref()).await?;
    let unread = notifications::unread(&mut transaction, user_id).await?;
    transaction.commit().await?;
    Ok(Json(json!({ "unread": unread })).into_response())
}

/// `GET /notification-preferences`: of which kinds one is mailed.
pub(crate) async fn preferences(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
) -> Result<Response, Problem> {
    let user_id = actor.person()?.user_id;
    let wanted = notifications::preferences(&mut *api.people.pool.begin().await?, user_id).await?;
    let items: Vec<Value> = wanted.into_iter().map(|(kind, is_mailed)| view(kind, is_mailed)).collect();
    Ok(Json(json!({ "items": items })).into_response())
}

/// `PUT /notification-preferences/{kind} {mail}`: 200 with the preference. 404 `not_found`.
pub(crate) async fn prefer(
    State(api): State<Api>,
    Extension(actor): Extension<Arc<Actor>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let kind: Kind = name.parse().map_err(|()| {
        let detail = format!("there is no kind of news \"{}\"", name.chars().take(100).collect::<String>());
        let hint = "GET /api/v1/notification-preferences lists those there are";
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail, hint)
    })?;
    let wish: Wish = body::typed(request, BODY_BYTES_MAX).await?;
    let mut transaction = api.people.pool.begin().await?;
    notifications::prefer(&mut transaction, actor.person()?.user_id, kind, wish.mail).await?;
    transaction.commit().await?;
    Ok(Json(view(kind, wish.mail)).into_response())
}

fn view(kind: Kind, is_mailed: bool) -> Value {
    json!({ "kind": kind, "about": kind.about(), "mail": is_mailed })
}
