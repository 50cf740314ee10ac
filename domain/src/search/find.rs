//! Finding executions by their words, and lines in their logs.

use capstan_engine::core::ids::{ExecutionId, WorkspaceId};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::logs::{self, LogLine};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::leads::words::{SOUGHT_MAX, words};

/// Most executions that one search finds.
pub const FOUND_MAX: i64 = 500;
/// A word of so many characters or more also stands for what it begins; as `search_words_1` has it.
const BEGINS_CHARS_MIN: usize = 3;
/// Lines of a log that are looked through; words are of fewer of them.
const LINES_READ_MAX: i64 = 1_000;

/// In what words are sought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Input, output, error, names of the workflow and of its nodes.
    Executions,
    /// Lines that steps logged.
    Logs,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Executions => "e",
            Self::Logs => "l",
        }
    }
}

/// Executions that a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Newest first.
    pub execution_ids: Vec<Uuid>,
    /// Before which to go on, if not all were looked at.
    pub then: Option<Uuid>,
}

/// The words of a search, in lower case: the first few. None if there is no letter and no digit in it, so that nothing is found.
#[must_use]
pub fn sought(text: &str) -> Vec<String> {
    words(text).filter(|word| !word.is_empty()).take(SOUGHT_MAX).collect()
}

/// Whether a text has all these words, each as itself or, if it is long enough, as what one begins with.
#[must_use]
pub fn has_all(text: &str, sought: &[String]) -> bool {
    let mut left: Vec<&String> = sought.iter().collect();
    for word in words(text) {
        left.retain(|wanted| {
            let begins = wanted.chars().count() >= BEGINS_CHARS_MIN && word.starts_with(wanted.as_str());
            !begins && word != **wanted
        });
        if left.is_empty() {
            return true;
        }
    }
    left.is_empty()
}

/// At most `most` executions, themselves at most [`FOUND_MAX`], that have ended and have all the words, from `from` on and before
/// `before`. Under the API's role, in a transaction that acts for the workspace: see `search_words_1`.
///
/// # Errors
/// If the database does.
pub async fn find(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    (kind, words): (Kind, &[String]),
    (from, before): (Uuid, Uuid),
    most: i64,
) -> Result<Found, StoreError> {
    let row: (Vec<Uuid>, Option<Uuid>) =
        sqlx::query_as("SELECT s.execution_ids, s.reached FROM search_words_1($1, $2, $3, $4, $5, $6) AS s")
            .bind(workspace_id.0)
            .bind(kind.as_str())
            .bind(words)
            .bind(from)
            .bind(before)
            .bind(i32::try_from(most.min(FOUND_MAX)).unwrap_or(i32::MAX))
            .fetch_one(connection)
            .await?;
    Ok(Found { execution_ids: row.0, then: row.1 })
}

/// The first `most` lines of a log that have all the words, among its first 1,000; and whether there may be more.
///
/// # Errors
/// If the database does.
pub async fn find_lines(
    connection: &mut PgConnection,
    workspace_id: WorkspaceId,
    execution_id: ExecutionId,
    sought: &[String],
    most: usize,
) -> Result<(Vec<LogLine>, bool), StoreError> {
    let mut lines = logs::read(connection, workspace_id, execution_id, Uuid::nil(), LINES_READ_MAX).await?;
    let is_longer = lines.len() as i64 >= LINES_READ_MAX;
    lines.retain(|line| has_all(&line.message, sought));
    let has_more = is_longer || lines.len() > most;
    lines.truncate(most);
    Ok((lines, has_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_words_that_begin_its_own_and_short_ones_only_whole() {
        let line = "Charged order 4711 for Ada Łącka: HTTP 502";
        for (search, has) in [
            ("order", true),
            ("ORD 47", false),
            ("ord 471", true),
            ("łąc ada", true),
            ("ad", false),
            ("http 502", true),
            ("502 refused", false),
            ("ada@4711", true),
        ] {
            assert_eq!(has_all(line, &sought(search)), has, "{search}");
        }
        assert!(sought(" -;% ").is_empty());
        assert_eq!(sought(&"w ".repeat(50)).len(), SOUGHT_MAX);
    }
}
