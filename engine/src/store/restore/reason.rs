//! What is wrong with a line that the database refused, in words of whoever has the archive.

use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::postgres::PgDatabaseError;

use super::super::error::StoreError;
use super::rows::Target;
use super::{HAS_ENDED, OF_MONTH, OF_WORKSPACE, TIME_OF, beside};

/// Longest value that is said back, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// Why a line is no row of the table. `error` is what the database said to it alone.
///
/// # Errors
/// If the database does not tell what it holds such rows to.
pub(super) async fn reason(
    connection: &mut PgConnection,
    target: &Target,
    error: &sqlx::Error,
    line: &str,
) -> Result<String, StoreError> {
    let row = match serde_json::from_str(line.trim_end()) {
        Ok(Value::Object(row)) => row,
        Ok(_) => return Ok("it is no JSON object".into()),
        Err(error) => {
            let place = error.to_string().replace(" at line 1 ", " at ");
            return Ok(format!("it cannot be read as JSON: {place}"));
        }
    };
    if let Some(name) = row.keys().find(|name| !target.columns.contains(name)) {
        let table = target.table;
        return Ok(format!("it has a column {name:?}, which {table} has not: was it archived by a newer version?"));
    }
    let Some(said) = error.as_database_error() else { return Ok(error.to_string()) };
    if let Some(column) = missing(said) {
        return Ok(format!("it has no {column}"));
    }
    let found = match said.constraint() {
        Some(_) if said.is_unique_violation() => Some("the same row has come before".into()),
        Some(constraint) => broken(connection, target, constraint, &row).await?,
        None => unfit(connection, target, &row).await?,
    };
    Ok(found.unwrap_or_else(|| format!("the database refuses it: {}", said.message())))
}

/// The column that has to be there.
fn missing(said: &(dyn DatabaseError + 'static)) -> Option<&str> {
    match said.kind() {
        ErrorKind::NotNullViolation => said.try_downcast_ref::<PgDatabaseError>()?.column(),
        _ => None,
    }
}

/// What a constraint says that holds the row to something; nothing if it is not known.
async fn broken(
    connection: &mut PgConnection,
    target: &Target,
    constraint: &str,
    row: &Map<String, Value>,
) -> Result<Option<String>, StoreError> {
    if let Some(column) = constraint.strip_prefix(TIME_OF) {
        return Ok(Some(format!("its {column} is no time that such a row can have")));
    }
    match constraint {
        OF_MONTH => return Ok(Some(format!("it is not of {}", target.month.format("%Y-%m")))),
        HAS_ENDED => return Ok(Some("the execution has not ended".into())),
        OF_WORKSPACE => return Ok(Some("it is of another workspace than the one of this cell".into())),
        _ => {}
    }
    let columns = "SELECT a.attname::text FROM pg_constraint c \
                     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
                    WHERE c.conrelid = to_regclass($1) AND c.conname = $2 ORDER BY a.attnum";
    let columns: Vec<String> = sqlx::query_scalar(columns)
        .bind(beside(target.table, target.month))
        .bind(constraint)
        .fetch_all(connection)
        .await?;
    let said = |column: &String| format!("{column} is {}", shown(row.get(column)));
    Ok(match columns.as_slice() {
        [] => None,
        [column] => Some(format!("its {}, which such a row cannot have", said(column))),
        columns => {
            let said: Vec<String> = columns.iter().map(said).collect();
            Some(format!("its {}, which do not go together", said.join(" and its ")))
        }
    })
}

/// The first value that is of another kind than its column; nothing if each is of the right one.
async fn unfit(
    connection: &mut PgConnection,
    target: &Target,
    row: &Map<String, Value>,
) -> Result<Option<String>, StoreError> {
    let probe = format!(
        "SELECT FROM jsonb_populate_record(NULL::{}, jsonb_build_object($1::text, $2::text::jsonb)) AS r",
        target.table
    );
    for (name, value) in row {
        let probed = sqlx::query(&probe).bind(name).bind(value.to_string()).execute(&mut *connection).await;
        match probed.map_err(StoreError::from) {
            Ok(_) => {}
            Err(StoreError::Data(_)) => {
                let kind = "SELECT a.atttypid::regtype::text FROM pg_attribute a \
                             WHERE a.attrelid = to_regclass($1) AND a.attname = $2";
                let kind: String =
                    sqlx::query_scalar(kind).bind(target.table).bind(name).fetch_one(&mut *connection).await?;
                return Ok(Some(unfitting(name, value, &kind)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// That a value is not of the kind of its column.
fn unfitting(name: &str, value: &Value, kind: &str) -> String {
    if value.to_string().contains("\\u0000") {
        return format!("its {name} has a NUL character, which no row has");
    }
    let wanted = match kind {
        "uuid" => "no id",
        "timestamp with time zone" => "no time",
        "smallint" | "integer" | "bigint" => "no whole number that fits there",
        "boolean" => "neither true nor false",
        _ => "not what belongs there",
    };
    format!("its {name} is {}, which is {wanted}", shown(Some(value)))
}

/// A value as it is said back: a short one.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "null".into(),
        Some(Value::Object(_)) => "an object".into(),
        Some(Value::Array(_)) => "a list".into(),
        Some(value) => {
            let text = value.to_string();
            match text.char_indices().nth(SHOWN_CHARS_MAX) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}
