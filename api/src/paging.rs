//! Pages of lists: newest first, with an opaque cursor.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use capstan_engine::store::day::id_floor;
use chrono::DateTime;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::problem::Problem;

/// Most items of a page.
pub(crate) const LIMIT_MAX: i64 = 100;
/// Items of a page when none are asked for.
pub(crate) const LIMIT_DEFAULT: i64 = 50;

/// What a list was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    pub(crate) limit: i64,
    /// Only items with a lower id.
    pub(crate) before: Uuid,
}

/// One page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub(crate) struct Page<T> {
    items: Vec<T>,
    /// Absent on the last page.
    next_cursor: Option<String>,
}

impl Paging {
    pub(crate) fn new(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Problem> {
        let limit = match limit {
            None => LIMIT_DEFAULT,
            Some(text) => text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
                let hint = format!("ask for 1 to {LIMIT_MAX} items and follow next_cursor");
                Problem::bad_request("bad_limit", "the limit is not in range", hint)
            })?,
        };
        let before = match cursor {
            None => Uuid::max(),
            Some(text) => decode(text).ok_or_else(|| {
                Problem::bad_request("bad_cursor", "the cursor is none of ours", "use next_cursor as it was given")
            })?,
        };
        Ok(Self { limit, before })
    }

    /// How many rows to read: one more than shown tells whether there is another page.
    pub(crate) fn rows(self) -> i64 {
        self.limit + 1
    }

    /// The page that these rows make.
    pub(crate) fn page<R, T>(self, mut rows: Vec<R>, id: fn(&R) -> Uuid, show: impl Fn(R) -> T) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|row| URL_SAFE_NO_PAD.encode(id(row).as_bytes()));
        Page { items: rows.into_iter().map(show).collect(), next_cursor }
    }

    /// The same, of a list for which only so much is looked through at a time: where one can go on before `then`, the
    /// page says so, be it ever so short.
    pub(crate) fn page_of_looked_at<R, T>(
        self,
        rows: Vec<R>,
        id: fn(&R) -> Uuid,
        show: impl Fn(R) -> T,
        then: Option<Uuid>,
    ) -> Page<T> {
        let page = self.page(rows, id, show);
        let next_cursor = page.next_cursor.or_else(|| then.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes())));
        Page { next_cursor, ..page }
    }
}

impl<T> Page<T> {
    /// What is on it, and the cursor of the next one.
    pub(crate) fn into_parts(self) -> (Vec<T>, Option<String>) {
        (self.items, self.next_cursor)
    }
}

/// The span of time that a list was asked for. Ids tell when they were made, so that it is a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    from: Uuid,
    to: Uuid,
}

impl Span {
    /// What was made at `from` is within, what was made at `to` is not. 400 `bad_time`.
    pub(crate) fn new(from: Option<&str>, to: Option<&str>) -> Result<Self, Problem> {
        let floor = |text: &str| -> Result<Uuid, Problem> {
            let at = DateTime::parse_from_rfc3339(text).map_err(|_| {
                let hint = "write a time as in 2026-01-31T12:00:00Z, and + as %2B";
                Problem::bad_request("bad_time", "from or to is no time", hint)
            })?;
            Ok(id_floor(at.to_utc()))
        };
        let from = from.map(floor).transpose()?.unwrap_or_default();
        Ok(Self { from, to: to.map(floor).transpose()?.unwrap_or(Uuid::max()) })
    }

    /// The least id within, and the least one that is not.
    pub(crate) fn ids(self) -> (Uuid, Uuid) {
        (self.from, self.to)
    }

    /// The lowest id that is within.
    pub(crate) fn first(self) -> Uuid {
        self.from
    }

    /// Only items with a lower id are on the page.
    pub(crate) fn before(self, paging: Paging) -> Uuid {
        paging.before.min(self.to)
    }

    /// Whether something of a page is not too old: what follows it is, then.
    pub(crate) fn has(self, id: Uuid) -> bool {
        id >= self.from
    }
}

fn decode(cursor: &str) -> Option<Uuid> {
    Uuid::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}
