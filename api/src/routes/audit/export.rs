//! The audit log as a stream, for who keeps it elsewhere. It is read piece by piece, each in a transaction of its own, and the next one once
//! the last was sent: neither memory nor a transaction grows with it.

use std::fmt::Write;
use std::io;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use capstan_domain::audit::{AuditRow, EXPORT_ROWS, export_page};
use chrono::SecondsFormat;
use futures::stream::{self, StreamExt};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::view;
use crate::Api;
use crate::audit::{bring, take_over};
use crate::auth::Caller;
use crate::paging::Span;
use crate::problem::Problem;
use crate::query::Query;

/// Longest life of a stream; who needs longer asks for shorter times, one after the other.
const STREAM_LIFE_MAX: Duration = Duration::from_secs(600);
/// The first line of the table.
const HEAD: &str = "id,at,by_kind,by_id,by_name,action,subject,status,address,request_id,changes\r\n";

#[derive(Deserialize, JsonSchema)]
pub(crate) struct ExportQuery {
    /// Done then or later; from the beginning if absent.
    from: Option<String>,
    /// Done before that; up to now if absent.
    to: Option<String>,
    /// The `id` of a line: only what comes behind it.
    after: Option<String>,
    /// `ndjson`, lines of JSON as the list has them, if absent; or `csv`.
    format: Option<String>,
}

#[derive(Clone, Copy)]
enum Format {
    Lines,
    Table,
}

impl Format {
    fn read(text: Option<&str>) -> Result<Self, Problem> {
        match text {
            None | Some("ndjson") => Ok(Self::Lines),
            Some("csv") => Ok(Self::Table),
            Some(_) => {
                let hint = "ask for ndjson, which it is without, or csv";
                Err(Problem::bad_request("bad_format", "there is no such format", hint))
            }
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Lines => "application/x-ndjson",
            Self::Table => "text/csv; charset=utf-8",
        }
    }

    const fn ending(self) -> &'static str {
        match self {
            Self::Lines => "ndjson",
            Self::Table => "csv",
        }
    }

    fn write(self, rows: Vec<AuditRow>) -> String {
        match self {
            Self::Lines => rows.into_iter().map(|row| format!("{}\n", view(row))).collect(),
            Self::Table => rows.iter().map(line).collect(),
        }
    }
}

/// What is left to be sent.
struct Rest {
    caller: Caller,
    format: Format,
    from: Uuid,
    until: Uuid,
    begun: Instant,
}

/// `GET /audit/export?from&to&after&format`: the oldest first, in the order of their ids, as lines of JSON or as a table; of a stream that
/// broke off the connection is cut, and `after` goes on behind its last line. Recorded in the audit log before a line goes out. 400
/// `bad_time`, `bad_cursor`, `bad_format`.
pub(crate) async fn show(
    State(api): State<Api>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Problem> {
    let (from, to) = Span::new(query.from.as_deref(), query.to.as_deref())?.ids();
    let from = query.after.as_deref().map(behind).transpose()?.map_or(from, |next| from.max(next));
    let format = Format::read(query.format.as_deref())?;
    bring(&api, &caller).await?;
    take_over(&caller).await?;
    // What is done meanwhile is none of it, so that it ends.
    let until = to.min(Uuid::now_v7());
    caller.names(uri.to_string());
    caller.write().await?.commit().await?;
    let name = format!("attachment; filename=\"audit-{}.{}\"", caller.slug, format.ending());
    let rest = Rest { caller, format, from, until, begun: Instant::now() };
    let rows = stream::try_unfold(Some(rest), |rest| async move {
        let Some(rest) = rest else { return Ok(None) };
        piece(rest).await.map_err(broken_off)
    });
    let head = matches!(format, Format::Table).then(|| Ok(HEAD.to_owned()));
    let body = Body::from_stream(stream::iter(head).chain(rows));
    let mut response = ([(CONTENT_TYPE, format.media_type()), (CACHE_CONTROL, "no-store")], body).into_response();
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The next piece, and what is left behind it.
async fn piece(rest: Rest) -> Result<Option<(String, Option<Rest>)>, Problem> {
    if rest.begun.elapsed() > STREAM_LIFE_MAX {
        return Err(Problem::unavailable("busy", "the export has taken too long", "ask for a shorter time"));
    }
    let mut transaction = rest.caller.read().await?;
    let rows = export_page(&mut transaction, rest.caller.workspace_id, rest.from, rest.until).await?;
    transaction.commit().await?;
    let Some(last) = rows.last().map(|row| row.audit_id) else { return Ok(None) };
    let is_full = rows.len() == EXPORT_ROWS;
    let text = rest.format.write(rows);
    Ok(Some((text, is_full.then_some(Rest { from: next(last), ..rest }))))
}

/// The least id behind the line that a client has come to.
fn behind(text: &str) -> Result<Uuid, Problem> {
    text.parse::<Uuid>().map(next).map_err(|_| {
        let hint = "give the id of the last line that you have";
        Problem::bad_request("bad_cursor", "after is the id of no line", hint)
    })
}

/// The least id behind another one.
fn next(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

/// The answer has begun, so that its status is said: whoever reads it sees that its end is missing.
fn broken_off(problem: Problem) -> io::Error {
    tracing::warn!(code = problem.code, cause = problem.internal, "an export of the audit log has broken off");
    io::Error::other(problem.detail.into_string())
}

/// A line of the table (RFC 4180).
fn line(row: &AuditRow) -> String {
    let (id, by_id, status) = (row.audit_id.to_string(), row.by_id.to_string(), row.status.to_string());
    let at = row.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let changes = row.changes.as_ref().map(Value::to_string);
    let cells: [&str; 11] = [
        &id,
        &at,
        &row.by_kind,
        &by_id,
        &row.by_name,
        &row.action,
        &row.subject,
        &status,
        row.address.as_deref().unwrap_or_default(),
        &row.request_id,
        changes.as_deref().unwrap_or_default(),
    ];
    let mut line = String::new();
    for (no, cell) in cells.into_iter().enumerate() {
        let comma = if no > 0 { "," } else { "" };
        // Writing to a text cannot fail.
        _ = write!(line, "{comma}{}", quoted(cell));
    }
    line + "\r\n"
}

/// In quotes where it needs them. What a program for tables would take for a formula is kept from being one.
fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = format!("{}{cell}", if is_formula { "'" } else { "" });
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn cells_are_quoted_where_they_need_it_and_none_is_a_formula() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"\n", "\"say \"\"hi\"\"\n\""),
            ("=cmd()", "'=cmd()"),
            ("@a,b", "\"'@a,b\""),
            ("", ""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
