//! Finding leads.

use axum::Json;
use capstan_domain::leads::{Filter, LeadRow, fields, list as find_leads, pipeline};
use capstan_domain::machine::StateKind;
use schemars::JsonSchema;
use serde::Deserialize;

use super::LeadView;
use crate::auth::Caller;
use crate::paging::{Page, Paging};
use crate::problem::Problem;
use crate::query::Query;

/// What can be asked of the list; all of it has to be so.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ListQuery {
    /// In this state.
    status: Option<String>,
    /// In a state of this kind: `open`, `won`, which clients are in, or `lost`.
    kind: Option<String>,
    /// From there.
    source: Option<String>,
    /// With this address, whatever the case.
    email: Option<String>,
    /// Words, each of which begins one of name, company, address or number.
    q: Option<String>,
    /// A custom field that has the `value`.
    field: Option<String>,
    value: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// `GET /leads?status=&kind=&source=&email=&q=&field=&value=`: newest first. 400 `bad_field` for one that is not known, `bad_kind`.
pub(crate) async fn list(caller: Caller, Query(query): Query<ListQuery>) -> Result<Json<Page<LeadView>>, Problem> {
    let paging = Paging::new(query.limit.as_deref(), query.cursor.as_deref())?;
    let kind = query.kind.as_deref().map(kind_of).transpose()?;
    let mut transaction = caller.read().await?;
    let field = match (query.field, query.value) {
        (None, None) => None,
        (Some(name), Some(value)) => {
            let known = fields(&mut transaction, caller.workspace_id).await?;
            let known = known.iter().find(|field| field.name == name).ok_or_else(|| bad_field("no such field"))?;
            Some((name, known.kind.read(&value).ok_or_else(|| bad_field("a field that holds no such value"))?))
        }
        _ => return Err(bad_field("one of field and value")),
    };
    let Some(words) = words(query.q) else { return Ok(Json(nothing(paging))) };
    let statuses = match kind {
        Some(kind) => {
            let states = pipeline(&mut transaction, caller.workspace_id).await?.machine.states;
            Some(states.into_iter().filter(|state| state.kind == kind).map(|state| state.name).collect())
        }
        None => None,
    };
    let (status, source, email) = (query.status, query.source, query.email);
    let filter = Filter { status, statuses, source, email, words, field, ..Filter::default() };
    let rows = find_leads(&mut transaction, caller.workspace_id, &filter, paging.before, paging.rows()).await?;
    transaction.commit().await?;
    Ok(Json(paging.page(rows, |row: &LeadRow| row.lead_id, LeadView::from)))
}

fn kind_of(text: &str) -> Result<StateKind, Problem> {
    match text {
        "open" => Ok(StateKind::Open),
        "won" => Ok(StateKind::Won),
        "lost" => Ok(StateKind::Lost),
        _ => Err(Problem::bad_request("bad_kind", "there is no such kind of states", "ask for open, won or lost")),
    }
}

fn nothing(paging: Paging) -> Page<LeadView> {
    paging.page(Vec::new(), |row: &LeadRow| row.lead_id, LeadView::from)
}

/// The words to search for; outer nothing if what was asked has none, so that nothing is found.
pub(super) fn words(q: Option<String>) -> Option<Option<String>> {
    let Some(q) = q.filter(|q| !q.trim().is_empty()) else { return Some(None) };
    q.chars().any(char::is_alphanumeric).then_some(Some(q))
}

fn bad_field(what: &str) -> Problem {
    let detail = format!("the query names {what}");
    Problem::bad_request("bad_field", detail, "send field and value; GET /api/v1/lead-fields lists the fields")
}
