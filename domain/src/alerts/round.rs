//! The round over all rules: about each minute, a bite at a time, by whoever has the lock of its row. How far it has come moves in
//! the transaction that raises and clears: who dies in a turn has done nothing, and nothing is done twice.

use std::str::FromStr;

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection, FromRow, PgConnection};
use tracing::warn;
use uuid::Uuid;

use super::change::{Change, clear, settle};
use super::ends::{self, Cursor};
use super::rule::DEFAULT_NAME;
use super::{others, rate};

/// Time from the end of a round to the next.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Failure rates of one turn.
const RATES_PER_TURN: i64 = 500;
/// Other rules of one turn.
const OTHERS_PER_TURN: i64 = 100;
/// Executions after which a turn ends.
const ROWS_PER_TURN: i64 = 50_000;
/// Alerts of rules that are gone that one round clears, and old rows of each table that it removes.
const BITE: i64 = 500;
/// Ends that one round removes.
const ENDS_BITE: i64 = 20_000;
/// Hours for which ends are kept: the longest window and one more.
const ENDS_KEPT_HOURS: i32 = 25;
/// Days for which alerts are kept that were cleared.
const KEPT_DAYS: i32 = 90;

/// What a turn came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Alerts that were raised.
    pub raised: u64,
    /// Alerts that were cleared.
    pub cleared: u64,
}

impl Turn {
    fn add(&mut self, change: Change) {
        self.raised += u64::from(change == Change::Raised);
        self.cleared += u64::from(change == Change::Cleared);
    }
}

/// What a round does, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Ends,
    Rates,
    Others,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ends => "ends",
            Self::Rates => "rates",
            Self::Others => "others",
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Ends, Self::Rates, Self::Others].into_iter().find(|stage| stage.as_str() == text);
        known.ok_or_else(|| format!("{text} is no stage of a round"))
    }
}

impl TryFrom<String> for Stage {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// How far the round has come.
#[derive(Debug, FromRow)]
struct Round {
    #[sqlx(flatten)]
    ends: Cursor,
    #[sqlx(try_from = "String")]
    stage: Stage,
    after_kind: String,
    after_workspace: Uuid,
    after_name: String,
}

/// The time, if a round is due or under way. One row.
///
/// # Errors
/// If the database does.
pub async fn due(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    let sql = "SELECT clock_timestamp() FROM alert_rounds WHERE next_at <= clock_timestamp()";
    Ok(sqlx::query_scalar(sql).fetch_optional(connection).await?)
}

/// Goes on with the round, or begins one, in one transaction; nothing if it is over or somebody else is at it. For the worker's
/// role.
///
/// # Errors
/// If the database does; then nothing was done.
pub async fn turn(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<Turn>, StoreError> {
    let mut transaction = connection.begin().await?;
    // A cursor of another server, whose transactions are counted anew, begins at the horizon.
    let round: Option<Round> = sqlx::query_as(
        "SELECT CASE WHEN r.xid > pg_snapshot_xmax(pg_current_snapshot()) \
                     THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE r.xid END::text AS xid, \
                r.event_id, r.stage, r.after_kind, r.after_workspace, r.after_name \
           FROM alert_rounds r WHERE r.next_at <= $1 FOR UPDATE SKIP LOCKED",
    )
    .bind(now)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(mut round) = round else { return Ok(None) };
    let mut turn = Turn::default();
    let is_over = round.go_on(&mut transaction, &mut turn, now).await?;
    sqlx::query(
        "UPDATE alert_rounds SET xid = $1::text::xid8, event_id = $2, stage = $3, after_kind = $4, after_workspace = $5, \
           after_name = $6, next_at = CASE WHEN $7 THEN $8 ELSE next_at END",
    )
    .bind(&round.ends.xid)
    .bind(round.ends.event_id)
    .bind(round.stage.as_str())
    .bind(&round.after_kind)
    .bind(round.after_workspace)
    .bind(&round.after_name)
    .bind(is_over)
    .bind(now + AGAIN_AFTER)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(turn))
}

impl Round {
    fn begin(&mut self, stage: Stage) {
        (self.stage, self.after_workspace) = (stage, Uuid::nil());
        self.after_kind.clear();
        self.after_name.clear();
    }

    /// Goes through what is left of the round until a turn is full; whether the round is over.
    async fn go_on(
        &mut self,
        connection: &mut PgConnection,
        turn: &mut Turn,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if self.stage == Stage::Ends {
            if ends::add_up(&mut *connection, &mut self.ends).await? {
                return Ok(false);
            }
            orphans(&mut *connection, turn, now).await?;
            self.begin(Stage::Rates);
        }
        if self.stage == Stage::Rates {
            if self.rates(&mut *connection, turn, now).await? {
                return Ok(false);
            }
            self.begin(Stage::Others);
        }
        if self.others(&mut *connection, turn, now).await? {
            return Ok(false);
        }
        tidy(connection, now).await?;
        self.begin(Stage::Ends);
        Ok(true)
    }

    /// Judges the next failure rates; whether there may be more.
    async fn rates(
        &mut self,
        connection: &mut PgConnection,
        turn: &mut Turn,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let after = (self.after_workspace, self.after_name.as_str());
        let page = rate::page(&mut *connection, after, RATES_PER_TURN, now).await?;
        for rate in &page {
            turn.add(settle(&mut *connection, &rate.of, rate::judge(rate), now).await?);
            (self.after_workspace, self.after_name) = (rate.of.workspace_id, rate.of.name.clone());
        }
        Ok(page.len() >= RATES_PER_TURN.unsigned_abs() as usize)
    }

    /// Judges the next of the other rules; whether there may be more. One that cannot be judged does not keep others waiting.
    async fn others(
        &mut self,
        connection: &mut PgConnection,
        turn: &mut Turn,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let after = (self.after_kind.as_str(), self.after_workspace, self.after_name.as_str());
        let page = others::page(&mut *connection, after, OTHERS_PER_TURN).await?;
        let (mut front, mut rows_left) = (None, ROWS_PER_TURN);
        for rule in &page {
            let (workspace_id, name) = (rule.of.workspace_id, &rule.of.name);
            let mut apart = connection.begin().await?;
            let judged = async {
                let (finding, rows) = others::judge(&mut apart, rule, &mut front, now).await?;
                Ok::<_, StoreError>((settle(&mut apart, &rule.of, finding, now).await?, rows))
            };
            match judged.await {
                Ok((change, rows)) => {
                    apart.commit().await?;
                    turn.add(change);
                    rows_left -= rows;
                }
                Err(error) => {
                    apart.rollback().await?;
                    warn!(%error, %workspace_id, name, "a rule of alerts could not be judged; the next round may");
                }
            }
            self.after_kind = rule.of.kind.as_str().to_owned();
            (self.after_workspace, self.after_name) = (workspace_id, name.clone());
            if rows_left <= 0 {
                return Ok(true);
            }
        }
        Ok(page.len() >= OTHERS_PER_TURN.unsigned_abs() as usize)
    }
}

/// Clears alerts whose rule is gone, not looked at, or another one by now: that judges anew.
async fn orphans(connection: &mut PgConnection, turn: &mut Turn, now: DateTime<Utc>) -> Result<(), StoreError> {
    let orphans: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT a.workspace_id, a.rule FROM alerts a \
           LEFT JOIN alert_rules r ON r.workspace_id = a.workspace_id AND r.name = a.rule \
          WHERE a.cleared_at IS NULL \
            AND CASE WHEN r.name IS NULL THEN a.rule <> $1 OR a.rule_at IS NOT NULL \
                     ELSE NOT r.is_enabled OR a.rule_at IS DISTINCT FROM r.updated_at END \
          LIMIT $2",
    )
    .bind(DEFAULT_NAME)
    .bind(BITE)
    .fetch_all(&mut *connection)
    .await?;
    for (workspace_id, rule) in orphans {
        turn.add(clear(&mut *connection, WorkspaceId(workspace_id), &rule, "rule_changed", now).await?);
    }
    Ok(())
}

/// Removes what is past its time, and what rules remembered that are gone or others by now.
async fn tidy(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "WITH old_ends AS ( \
           DELETE FROM alert_ends WHERE ctid = ANY (ARRAY( \
             SELECT x.ctid FROM alert_ends x WHERE x.bucket_at < $1::timestamptz - make_interval(hours => $2) LIMIT $3)) \
         ), old_alerts AS ( \
           DELETE FROM alerts WHERE ctid = ANY (ARRAY( \
             SELECT a.ctid FROM alerts a WHERE a.cleared_at < $1::timestamptz - make_interval(days => $4) LIMIT $5)) \
         ) \
         DELETE FROM alert_marks WHERE ctid = ANY (ARRAY( \
           SELECT m.ctid FROM alert_marks m \
            WHERE NOT EXISTS (SELECT FROM alert_rules r WHERE r.workspace_id = m.workspace_id AND r.name = m.name \
                                 AND r.updated_at = m.rule_at) LIMIT $5))",
    )
    .bind(now)
    .bind(ENDS_KEPT_HOURS)
    .bind(ENDS_BITE)
    .bind(KEPT_DAYS)
    .bind(BITE)
    .execute(connection)
    .await?;
    Ok(())
}
