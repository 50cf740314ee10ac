//! The round over all rules: about each minute, a bite at a time, by whoever has the lock of its row. How far it has come moves in
//! the transaction that raises and clears: who dies in a turn has done nothing, and nothing is done twice.

use std::str::FromStr;
use std::time::{Duration, Instant};

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::error::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{Connection, FromRow, PgConnection};
use tracing::warn;
use uuid::Uuid;

use super::change::{Change, Finding, clear, settle};
use super::mark::remember;
use super::page::{self, Watched};
use super::rate::{Suspects, rate, window};
use super::rule::{DEFAULT_NAME, Kind, shipped};
use super::watch::{Front, Looked, metric, silence, silence_held, sla};

/// Time from the end of a round to the next.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// Rules that are written of one turn: each may be a transaction within it, and more than 64 cost others.
const RULES_PER_TURN: i64 = 60;
/// Workspaces with failures that a turn looks at.
const WORKSPACES_PER_TURN: i64 = 500;
/// Executions after which a turn ends.
const ROWS_PER_TURN: i64 = 50_000;
/// Time after which a turn ends: webhooks wait for transactions that are open.
const TURN_LONG: Duration = Duration::from_secs(1);
/// Alerts of rules that are gone that one round clears, and old rows of each table that it removes.
const BITE: i64 = 60;
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
    /// Clears what no rule keeps open any more.
    Begin,
    /// Judges the shipped rule.
    Shipped,
    /// Judges those that are written.
    Written,
}

impl Stage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Shipped => "shipped",
            Self::Written => "written",
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Begin, Self::Shipped, Self::Written].into_iter().find(|stage| stage.as_str() == text);
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
    let round: Option<Round> = sqlx::query_as(
        "SELECT stage, after_kind, after_workspace, after_name FROM alert_rounds WHERE next_at <= $1 FOR UPDATE SKIP LOCKED",
    )
    .bind(now)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(mut round) = round else { return Ok(None) };
    let mut turn = Turn::default();
    let is_over = round.go_on(&mut transaction, &mut turn, now).await?;
    sqlx::query(
        "UPDATE alert_rounds SET stage = $1, after_kind = $2, after_workspace = $3, after_name = $4, \
           next_at = CASE WHEN $5 THEN $6 ELSE next_at END",
    )
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

    fn reach(&mut self, rule: &Watched) {
        self.after_kind = rule.rule.kind.as_str().to_owned();
        (self.after_workspace, self.after_name) = (rule.of.workspace_id, rule.of.name.clone());
    }

    /// Goes through what is left of the round until a turn is full; whether the round is over.
    async fn go_on(
        &mut self,
        connection: &mut PgConnection,
        turn: &mut Turn,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        if self.stage == Stage::Begin {
            orphans(&mut *connection, turn, now).await?;
            self.begin(Stage::Shipped);
        }
        if self.stage == Stage::Shipped {
            let since = now - window(&shipped());
            let page = page::unwritten(&mut *connection, self.after_workspace, since, WORKSPACES_PER_TURN).await?;
            if self.judge(&mut *connection, &page.rules, turn, now).await? {
                return Ok(false);
            }
            if let Some(next) = page.next {
                self.after_workspace = next;
                return Ok(false);
            }
            self.begin(Stage::Written);
        }
        let after = (self.after_kind.as_str(), self.after_workspace, self.after_name.as_str());
        let page = page::written(&mut *connection, after, RULES_PER_TURN).await?;
        if self.judge(&mut *connection, &page, turn, now).await? || page.len() >= RULES_PER_TURN.unsigned_abs() as usize
        {
            return Ok(false);
        }
        tidy(connection, now).await?;
        self.begin(Stage::Begin);
        Ok(true)
    }

    /// Judges rules, one after the other; whether the turn is full before their end. One that cannot be judged does not keep others
    /// waiting.
    async fn judge(
        &mut self,
        connection: &mut PgConnection,
        rules: &[Watched],
        turn: &mut Turn,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let suspects = Suspects::among(&mut *connection, rules, now).await?;
        let (mut front, mut rows_left, begun) = (None, ROWS_PER_TURN, Instant::now());
        for rule in rules.iter().filter(|rule| !suspects.spare(rule)) {
            let mut apart = connection.begin().await?;
            match judge_one(&mut apart, rule, &suspects, &mut front, now).await {
                Ok((change, rows)) => {
                    apart.commit().await?;
                    turn.add(change);
                    rows_left -= rows;
                }
                // It may have taken long: others wait for the next turn.
                Err(error) => {
                    apart.rollback().await?;
                    rows_left = 0;
                    let (workspace_id, name) = (rule.of.workspace_id, &rule.of.name);
                    warn!(%error, %workspace_id, name, "a rule of alerts could not be judged; the next round may");
                }
            }
            self.reach(rule);
            if rows_left <= 0 || begun.elapsed() >= TURN_LONG {
                return Ok(true);
            }
        }
        if let Some(last) = rules.last() {
            self.reach(last);
        }
        Ok(false)
    }
}

/// Judges a rule, keeps what it remembers, and changes its alert; with how many executions were looked at. What is held up stays
/// as it was, but for failures.
async fn judge_one(
    connection: &mut PgConnection,
    rule: &Watched,
    suspects: &Suspects,
    front: &mut Option<Front>,
    now: DateTime<Utc>,
) -> Result<(Change, i64), StoreError> {
    let (finding, mark, rows): Looked = match (rule.rule.kind, rule.is_held) {
        (Kind::FailureRate, _) => rate(&mut *connection, rule, suspects, now).await?,
        (Kind::Silence, true) => (Finding::Unsure, Some(silence_held(rule, now)), 0),
        (_, true) => (Finding::Unsure, None, 0),
        (Kind::Silence, false) => silence(&mut *connection, rule, now).await?,
        (Kind::Sla, false) => sla(&mut *connection, rule, now).await?,
        (Kind::Metric, false) => (metric(&mut *connection, rule, now).await?, None, 0),
        (Kind::QueueAge, false) => {
            if front.is_none() {
                *front = Some(Front::read(&mut *connection).await?);
            }
            (front.as_ref().map_or(Finding::Unsure, |front| front.judge(rule, now)), None, 0)
        }
    };
    if let Some(mark) = mark.filter(|mark| *mark != rule.mark) {
        remember(&mut *connection, &rule.of, &mark).await?;
    }
    Ok((settle(connection, rule, finding, now).await?, rows))
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
        let mut apart = connection.begin().await?;
        match clear(&mut apart, WorkspaceId(workspace_id), &rule, "rule_changed", now).await {
            Ok(change) => {
                apart.commit().await?;
                turn.add(change);
            }
            Err(error) => {
                apart.rollback().await?;
                warn!(%error, %workspace_id, rule, "an alert whose rule is gone could not be cleared; the next round may");
            }
        }
    }
    Ok(())
}

/// Removes what is past its time, and what rules remembered that are gone or others by now.
async fn tidy(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query(
        "WITH old_alerts AS ( \
           DELETE FROM alerts WHERE ctid = ANY (ARRAY( \
             SELECT a.ctid FROM alerts a WHERE a.cleared_at < $1::timestamptz - make_interval(days => $2) LIMIT $3)) \
         ) \
         DELETE FROM alert_marks WHERE ctid = ANY (ARRAY( \
           SELECT m.ctid FROM alert_marks m \
            WHERE NOT EXISTS (SELECT FROM alert_rules r WHERE r.workspace_id = m.workspace_id AND r.name = m.name \
                                 AND r.updated_at = m.rule_at) LIMIT $3))",
    )
    .bind(now)
    .bind(KEPT_DAYS)
    .bind(BITE)
    .execute(connection)
    .await?;
    Ok(())
}
