//! Lines of JSON that become rows of a table beside the history.

use chrono::NaiveDate;
use sqlx::{FromRow, PgConnection};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use super::super::error::StoreError;
use super::reason::reason;
use super::{RestoreError, beside};

/// Lines of one statement, and bytes from which on it takes no more.
const LINES_MAX: usize = 1_000;
const BYTES_MAX: u64 = 4 << 20;
/// Most bytes of one line: many times what the largest row has.
pub const LINE_BYTES_MAX: u64 = 64 << 20;

/// How much was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Rows, one for each line.
    pub rows: u64,
    /// Bytes that were read.
    pub bytes: u64,
}

/// Reads the rows of one of [`BY_MONTH`](super::super::retention::BY_MONTH) of a month to their end, as
/// [`archive`](super::super::retention::archive) wrote them, into the table that [`begin`](super::begin) made. They are written some at a
/// time; `told` hears after each time how far it is. Columns that came after the month was archived get what new rows get.
///
/// # Errors
/// [`RestoreError`]. What was written until then is seen by nobody.
pub async fn load(
    connection: &mut PgConnection,
    table: &'static str,
    month: NaiveDate,
    source: &mut (impl AsyncBufRead + Send + Unpin),
    mut told: impl FnMut(Loaded),
) -> Result<Loaded, RestoreError> {
    let target = Target::of(connection, table, month).await?;
    let mut loaded = Loaded::default();
    loop {
        let (lines, bytes) = target.read(source, loaded.rows).await?;
        if lines.is_empty() {
            return Ok(loaded);
        }
        target.put(connection, &lines, loaded.rows).await?;
        loaded.rows += lines.len() as u64;
        loaded.bytes += bytes;
        told(loaded);
    }
}

/// A column of the table.
#[derive(FromRow)]
struct Column {
    name: String,
    /// JSON that is always there: where the line has `null` that is a value. A row of JSON does not tell it from none.
    is_always_json: bool,
    /// What it is where nothing is said, as SQL.
    usual: Option<String>,
}

/// Where lines go.
pub(super) struct Target {
    pub(super) table: &'static str,
    pub(super) month: NaiveDate,
    pub(super) columns: Vec<String>,
    /// Values of columns that a line does not have, as an object.
    usual: String,
    sql: String,
}

impl Target {
    async fn of(connection: &mut PgConnection, table: &'static str, month: NaiveDate) -> Result<Self, StoreError> {
        let sql = "SELECT a.attname::text AS name, a.atttypid = 'jsonb'::regtype AND a.attnotnull AS is_always_json, \
                          pg_get_expr(d.adbin, d.adrelid) AS usual \
                     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
                    WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
        let columns: Vec<Column> = sqlx::query_as(sql).bind(table).fetch_all(&mut *connection).await?;
        let usual: Vec<String> = columns
            .iter()
            .filter_map(|column| Some(format!("'{}', {}", column.name, column.usual.as_ref()?)))
            .collect();
        let usual = format!("SELECT jsonb_build_object({})::text", usual.join(", "));
        let usual = sqlx::query_scalar(&usual).fetch_one(connection).await?;
        let sql = insert_into(&beside(table, month), table, &columns);
        Ok(Self { table, month, columns: columns.into_iter().map(|column| column.name).collect(), usual, sql })
    }

    /// The next lines, `before` of them having been read, and how many bytes they are; none at the end.
    async fn read(
        &self,
        source: &mut (impl AsyncBufRead + Send + Unpin),
        before: u64,
    ) -> Result<(Vec<String>, u64), RestoreError> {
        let (mut lines, mut bytes) = (Vec::new(), 0);
        while lines.len() < LINES_MAX && bytes < BYTES_MAX {
            let mut line = Vec::new();
            let mut bounded = AsyncReadExt::take(&mut *source, LINE_BYTES_MAX + 1);
            let read = bounded.read_until(b'\n', &mut line).await;
            let read = read.map_err(|error| RestoreError::Source { table: self.table, error })? as u64;
            if read == 0 {
                break;
            }
            let number = before + lines.len() as u64 + 1;
            if read > LINE_BYTES_MAX {
                return Err(self.bad(number, format!("it is longer than {LINE_BYTES_MAX} bytes")));
            }
            lines.push(String::from_utf8(line).map_err(|_| self.bad(number, "it is not UTF-8".into()))?);
            bytes += read;
        }
        Ok((lines, bytes))
    }

    /// Writes lines. If they are refused, halves of them are tried, until the first bad one is found.
    async fn put(&self, connection: &mut PgConnection, lines: &[String], before: u64) -> Result<(), RestoreError> {
        let mut parts = vec![(0, lines.len())];
        while let Some((from, to)) = parts.pop() {
            let Some(refusal) = self.insert(connection, &lines[from..to]).await? else { continue };
            if to - from == 1 {
                let reason = reason(connection, self, &refusal, &lines[from]).await?;
                return Err(self.bad(before + from as u64 + 1, reason));
            }
            let middle = from + (to - from) / 2;
            parts.push((middle, to));
            parts.push((from, middle));
        }
        Ok(())
    }

    /// Writes all of these lines, or none; answers what the database says to one that it does not take.
    async fn insert(&self, connection: &mut PgConnection, lines: &[String]) -> Result<Option<sqlx::Error>, StoreError> {
        let insert = sqlx::query(&self.sql).bind(lines).bind(&self.usual).bind(&self.columns);
        match insert.execute(connection).await.map_err(StoreError::from) {
            Ok(_) => Ok(None),
            Err(StoreError::Data(error)) => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    fn bad(&self, line: u64, reason: String) -> RestoreError {
        RestoreError::BadLine { table: self.table, line, reason }
    }
}

/// Takes lines, the usual values and the names of columns. A line with another column becomes a row without an id, which is refused.
fn insert_into(beside: &str, table: &str, columns: &[Column]) -> String {
    const KNOWN: &str =
        "NOT EXISTS (SELECT FROM jsonb_object_keys(l.line) AS k (name) WHERE k.name <> ALL ($3::text[]))";
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| match (column.name.as_str(), column.is_always_json) {
            ("execution_id", _) => format!("CASE WHEN {KNOWN} THEN r.execution_id END"),
            (name, true) => format!("l.line -> '{name}'"),
            (name, false) => format!("r.\"{name}\""),
        })
        .collect();
    format!(
        "WITH lines AS MATERIALIZED (SELECT $2::text::jsonb || l.line::jsonb AS line FROM unnest($1::text[]) AS l (line)) \
         INSERT INTO {beside} ({}) \
         SELECT {} FROM lines AS l CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, l.line) AS r",
        names.join(", "),
        values.join(", ")
    )
}
