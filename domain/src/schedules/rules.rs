//! What a schedule is to do, with its spans known.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::calendar::Calendar;
use super::cron_text::CronFlaw;

/// Longest jitter.
pub const JITTER_MAX: Duration = Duration::from_secs(3_600);
/// How long a refused start is tried again if the schedule says nothing.
pub const START_WITHIN_DEFAULT: Duration = Duration::from_secs(3_600);
/// Most fire times that are caught up on.
pub const CATCH_UP_MAX: u32 = 1_000;
/// The same if the schedule says nothing.
const CATCH_UP_DEFAULT: u32 = 100;
/// Longest name of a zone that is shown, in bytes.
const ZONE_BYTES_MAX: usize = 60;

/// What becomes of a fire time when the execution of the one before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Both run.
    #[default]
    Allow,
    /// Nothing is started.
    Skip,
    /// One waits for the end, the newest.
    Queue,
    /// The one that runs is cancelled, and the new one begins once it has ended.
    Cancel,
}

impl Overlap {
    /// As stored and written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Cancel => "cancel",
        }
    }
}

/// What becomes of fire times at which nobody could start anything, such as in an outage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are missed.
    None,
    /// The last one starts.
    #[default]
    Latest,
    /// All of them start, up to `catch_up_max`; the older ones are missed.
    All,
}

/// When a schedule fires, and how.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Rules {
    /// Five fields, or six with the second first.
    pub cron: String,
    /// An IANA name.
    pub zone: String,
    /// No fire time before.
    pub start_at: Option<DateTime<Utc>>,
    /// No fire time from then on.
    pub end_at: Option<DateTime<Utc>>,
    /// A start is at its fire time or up to so much later.
    pub jitter_ms: u64,
    /// What the jitter is drawn from, beside the fire time.
    pub seed: String,
    /// When the last one has not ended.
    pub overlap: Overlap,
    /// After an outage.
    pub catch_up: CatchUp,
    /// For [`CatchUp::All`].
    pub catch_up_max: u32,
    /// How long a refused start is tried again.
    pub start_within_ms: u64,
    /// What executions are given.
    pub data: Value,
}

/// Why a schedule cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesFlaw {
    /// Its cron expression.
    #[error(transparent)]
    Cron(#[from] CronFlaw),
    /// Its zone.
    #[error("the time zone \"{0}\" does not exist")]
    Zone(String),
    /// Its bounds.
    #[error("the schedule ends before it starts")]
    Bounds,
    /// It has no fire time.
    #[error("the schedule never fires: no day is such as its cron expression says{0}")]
    Never(&'static str),
}

impl RulesFlaw {
    /// A stable code, the field, and what to do.
    #[must_use]
    pub fn parts(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Cron(_) => ("bad_cron", "cron", "write for example \"0 9 * * MON-FRI\", or @daily"),
            Self::Zone(_) => ("bad_zone", "zone", "use an IANA name such as Europe/Berlin or UTC"),
            Self::Bounds => ("bad_bounds", "end_at", "let end_at be later than start_at"),
            Self::Never(_) => ("never_fires", "cron", "change the days, or the bounds"),
        }
    }
}

impl Rules {
    /// Rules with nothing special.
    #[must_use]
    pub fn new(cron: &str, zone: &str) -> Self {
        Self {
            cron: cron.to_owned(),
            zone: zone.to_owned(),
            start_at: None,
            end_at: None,
            jitter_ms: 0,
            seed: String::new(),
            overlap: Overlap::Allow,
            catch_up: CatchUp::Latest,
            catch_up_max: CATCH_UP_DEFAULT,
            start_within_ms: u64::try_from(START_WITHIN_DEFAULT.as_millis()).unwrap_or(u64::MAX),
            data: Value::Null,
        }
    }

    /// When it fires.
    ///
    /// # Errors
    /// What is wrong with the rules; whether they ever fire is not looked at.
    pub fn calendar(&self) -> Result<Calendar, RulesFlaw> {
        let unknown = |_| RulesFlaw::Zone(self.zone.chars().take(ZONE_BYTES_MAX).collect());
        let zone: Tz = self.zone.parse().map_err(unknown)?;
        if self.start_at.zip(self.end_at).is_some_and(|(start, end)| start >= end) {
            return Err(RulesFlaw::Bounds);
        }
        Ok(Calendar::new(&self.cron, zone, self.start_at, self.end_at)?)
    }

    /// The same, if there is any fire time.
    ///
    /// # Errors
    /// What is wrong with the rules.
    pub fn check(&self) -> Result<Calendar, RulesFlaw> {
        let calendar = self.calendar()?;
        let is_bound = self.start_at.is_some() || self.end_at.is_some();
        match calendar.ever_fires() {
            true => Ok(calendar),
            false => Err(RulesFlaw::Never(if is_bound { " between its bounds" } else { "" })),
        }
    }

    /// Whether it fires at the same times.
    #[must_use]
    pub fn fires_as(&self, other: &Self) -> bool {
        (&self.cron, &self.zone, self.start_at, self.end_at) == (&other.cron, &other.zone, other.start_at, other.end_at)
    }

    /// How much later than its fire time a start is: the same for the same seed and time.
    #[must_use]
    pub fn jitter(&self, at: DateTime<Utc>) -> Duration {
        if self.jitter_ms == 0 {
            return Duration::ZERO;
        }
        let hash = Sha256::digest(format!("{}#{}", self.seed, at.timestamp_micros()));
        let drawn = hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        Duration::from_millis(drawn % self.jitter_ms)
    }
}

/// The input of the execution of a fire time.
#[must_use]
pub fn input(rules: &Rules, calendar: &Calendar, at: DateTime<Utc>, cause: &str) -> Value {
    json!({
        "at": at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        "local": calendar.shown(at),
        "zone": rules.zone,
        "cause": cause,
        "data": rules.data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_drawn_from_seed_and_time_and_stays_below_its_bound() {
        let rules = |seed: &str| Rules { jitter_ms: 60_000, seed: seed.into(), ..Rules::new("* * * * *", "UTC") };
        let times: Vec<_> = (0..100).map(|n| DateTime::from_timestamp(1_800_000_000 + n * 60, 0).unwrap()).collect();
        let drawn = |seed: &str| times.iter().map(|at| rules(seed).jitter(*at)).collect::<Vec<_>>();
        assert_eq!(drawn("a"), drawn("a"));
        assert_ne!(drawn("a"), drawn("b"));
        assert!(drawn("a").iter().all(|jitter| *jitter < Duration::from_secs(60)));
        assert!(drawn("a").iter().any(|jitter| *jitter > Duration::from_secs(30)));
        assert_eq!(Rules::new("* * * * *", "UTC").jitter(times[0]), Duration::ZERO);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_field() {
        let found = |rules: Rules| rules.check().unwrap_err().parts().0;
        assert_eq!(found(Rules::new("0 9 * *", "UTC")), "bad_cron");
        assert_eq!(found(Rules::new("0 9 * * *", "Europe/Atlantis")), "bad_zone");
        assert_eq!(found(Rules::new("0 0 31 2 *", "UTC")), "never_fires");
        let at = DateTime::from_timestamp(1_800_000_000, 0);
        assert_eq!(found(Rules { start_at: at, end_at: at, ..Rules::new("0 9 * * *", "UTC") }), "bad_bounds");
    }
}
