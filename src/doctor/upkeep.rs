//! Upkeep: duties that fail or that nobody does, statements that take most time, indexes that nobody reads.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::duties::{self, DutyRow, LATE_S};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::reports::{self, SlowStatement, UnusedIndex};

use super::finding::Findings;

/// Statements and indexes that are told.
const MOST: i32 = 10;
/// Size from which on an index that nobody reads is told.
const INDEX_BYTES_MIN: i64 = 1 << 20;
/// Mean time of a call from which on a statement is told as slow, in milliseconds.
const SLOW_MS: f64 = 100.0;

/// Looks as the roles of workers and of the API.
pub(super) async fn look(cell: &Place, found: &mut Findings) {
    match list(cell).await {
        Ok(rows) => judge(&rows, found),
        Err(error) => found.fail("duties", error, "GRANT capstan_worker to the login of DATABASE_URL"),
    }
    match report(cell).await {
        Ok((slow, unused)) => {
            tell_statements(slow.as_deref(), found);
            tell_indexes(&unused, found);
        }
        Err(error) => found.warn("statements", error, "GRANT capstan_api to the login of DATABASE_URL"),
    }
}

async fn list(cell: &Place) -> Result<Vec<DutyRow>, StoreError> {
    duties::list(&mut cell.connect(Role::Worker).await?).await
}

async fn report(cell: &Place) -> Result<(Option<Vec<SlowStatement>>, Vec<UnusedIndex>), StoreError> {
    let mut api = cell.connect(Role::Api).await?;
    let slow = reports::slow_statements(&mut api, MOST).await?;
    Ok((slow, reports::unused_indexes(&mut api, INDEX_BYTES_MIN, i64::from(MOST)).await?))
}

fn judge(rows: &[DutyRow], found: &mut Findings) {
    for row in rows.iter().filter(|row| row.is_done == Some(false)) {
        let reason = row.outcome.as_deref().unwrap_or_default();
        let hint = "it is tried again every ten minutes; see the log of the worker";
        found.warn("duties", format!("{} failed at {}: {reason}", row.name, row.holder), hint);
    }
    let late = rows.iter().map(|row| row.late_s).max_by(f64::total_cmp).filter(|late| *late > 0.0);
    let hint = "start a worker: each looks once a minute; `capstan duties` says which is due";
    found.measured("duties", "the latest duty is late by", late, LATE_S, hint);
}

fn tell_statements(slow: Option<&[SlowStatement]>, found: &mut Findings) {
    let Some(slow) = slow else {
        return found.ok("statements", "not known: see docs/upkeep.md on pg_stat_statements");
    };
    let slow: Vec<String> = slow
        .iter()
        .filter(|one| one.mean_ms >= SLOW_MS)
        .map(|one| {
            let start: String =
                one.statement.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
            format!("{:.0} ms × {}: {start}", one.mean_ms, one.calls)
        })
        .collect();
    match slow.is_empty() {
        true => found.ok("statements", format!("none of those that take most time takes {SLOW_MS:.0} ms")),
        false => {
            let hint = "EXPLAIN them; `GET /api/v1/platform/duties` has their texts";
            found.warn("statements", slow.join("; "), hint);
        }
    }
}

/// What was not read yet may be read tomorrow: this only tells.
fn tell_indexes(unused: &[UnusedIndex], found: &mut Findings) {
    let names: Vec<String> = unused.iter().map(|one| format!("{} ({} MiB)", one.index, one.bytes >> 20)).collect();
    match names.is_empty() {
        true => found.ok("indexes", "all larger ones are read"),
        false => found.ok("indexes", format!("not read since statistics began: {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::super::finding::State;
    use super::*;

    fn row(is_done: Option<bool>, late_s: f64) -> DutyRow {
        DutyRow {
            name: "retention".into(),
            holder: "w".into(),
            leased_until: None,
            last_begun_at: Utc::now(),
            last_ended_at: None,
            is_done,
            outcome: Some("why".into()),
            next_due_at: Utc::now(),
            is_held: false,
            late_s,
            is_late: late_s > LATE_S.0,
        }
    }

    #[test]
    fn duties_that_fail_or_that_nobody_does_are_told() {
        let judged = |rows: &[DutyRow]| {
            let mut found = Findings::default();
            judge(rows, &mut found);
            found.worst()
        };
        assert_eq!(judged(&[]), State::Ok);
        assert_eq!(judged(&[row(None, 0.0), row(Some(true), 60.0)]), State::Ok);
        assert_eq!(judged(&[row(Some(true), 0.0), row(Some(false), 0.0)]), State::Warn);
        assert_eq!(judged(&[row(Some(true), 1_801.0), row(Some(true), 0.0)]), State::Warn);
        assert_eq!(judged(&[row(Some(true), 86_401.0)]), State::Fail);
    }

    #[test]
    fn a_statement_is_slow_by_its_mean() {
        let one = |mean_ms| SlowStatement { statement: "SELECT\n 1".into(), calls: 2, total_ms: 1, mean_ms, max_ms: 1 };
        let told = |slow: Option<&[SlowStatement]>| {
            let mut found = Findings::default();
            tell_statements(slow, &mut found);
            (found.worst(), found.all()[0].as_json()["detail"].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(told(None).0, State::Ok);
        assert_eq!(told(Some(&[one(99.0)])).0, State::Ok);
        assert_eq!(told(Some(&[one(99.0), one(100.0)])), (State::Warn, "100 ms × 2: SELECT 1".into()));
    }
}
