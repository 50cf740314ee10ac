//! What a rule says.

use std::fmt;
use std::str::FromStr;

use sqlx::FromRow;
use thiserror::Error;
use uuid::Uuid;

/// The rule that every workspace has unless it writes one of that name.
pub const DEFAULT_NAME: &str = "failures";
/// Figures of the present day that rules of the kind `metric` look at: columns of `workspace_daily_stats`.
pub const METRICS: [&str; 8] = [
    "executions_started",
    "executions_failed",
    "executions_cancelled",
    "duration_ms_p50",
    "duration_ms_p95",
    "duration_ms_max",
    "emails_sent",
    "leads_created",
];

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Too many of those that ended within a window failed.
    FailureRate,
    /// A workflow has begun no execution for too long.
    Silence,
    /// An execution waits for a worker for too long.
    QueueAge,
    /// An execution has not ended for too long.
    Sla,
    /// A figure of the present day is above a limit.
    Metric,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::FailureRate, Self::Silence, Self::QueueAge, Self::Sla, Self::Metric];

    /// As in tables and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailureRate => "failure_rate",
            Self::Silence => "silence",
            Self::QueueAge => "queue_age",
            Self::Sla => "sla",
            Self::Metric => "metric",
        }
    }

    /// The fields that a rule of this kind has, beside its workflow.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::FailureRate => &["window_s", "percent", "ended_min"],
            Self::Silence | Self::QueueAge | Self::Sla => &["after_s"],
            Self::Metric => &["metric", "above"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| format!("has to be one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A rule. Which of its numbers are there depends on its kind; [`Rule::check`] tells.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Rule {
    /// What it looks at.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// Of which workflow; all of the workspace together if absent.
    pub workflow_id: Option<Uuid>,
    /// How far back it looks.
    pub window_s: Option<i32>,
    /// How long is too long.
    pub after_s: Option<i32>,
    /// So many of a hundred break it.
    pub percent: Option<i32>,
    /// So many have to have ended before it judges.
    pub ended_min: Option<i32>,
    /// Which figure: one of [`METRICS`].
    pub metric: Option<String>,
    /// More than that breaks it.
    pub above: Option<i64>,
    /// Whether people are mailed of its alerts.
    pub is_mailed: bool,
    /// Whether it is looked at.
    pub is_enabled: bool,
}

/// Why something is no rule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{field} {why}")]
pub struct RuleFlaw {
    /// The field, as in JSON.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// The rule called [`DEFAULT_NAME`] of a workspace that has not written one: half of at least five executions failed within
/// an hour.
#[must_use]
pub const fn shipped() -> Rule {
    Rule {
        kind: Kind::FailureRate,
        workflow_id: None,
        window_s: Some(3_600),
        after_s: None,
        percent: Some(50),
        ended_min: Some(5),
        metric: None,
        above: None,
        is_mailed: true,
        is_enabled: true,
    }
}

impl Rule {
    /// Fails if it says too much, too little, or what nobody can keep. The table has the same limits.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), RuleFlaw> {
        let numbers = [
            ("window_s", self.window_s.map(i64::from), 300, 86_400),
            ("after_s", self.after_s.map(i64::from), 60, 31_536_000),
            ("percent", self.percent.map(i64::from), 1, 100),
            ("ended_min", self.ended_min.map(i64::from), 1, 1_000),
            ("above", self.above, 0, i64::MAX),
        ];
        self.check_fields(&numbers.map(|(field, value, ..)| (field, value.is_some())))?;
        for (field, value, least, most) in numbers {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                return Err(RuleFlaw { field, why: format!("has to be from {least} to {most}") });
            }
        }
        if self.metric.as_deref().is_some_and(|metric| !METRICS.contains(&metric)) {
            return Err(RuleFlaw { field: "metric", why: format!("has to be one of {}", METRICS.join(", ")) });
        }
        Ok(())
    }

    fn check_fields(&self, numbers: &[(&'static str, bool)]) -> Result<(), RuleFlaw> {
        let kind = self.kind;
        let wrong = |field, what: &str| Err(RuleFlaw { field, why: format!("is {what} by {kind}") });
        for &(field, is_there) in numbers.iter().chain(&[("metric", self.metric.is_some())]) {
            match (is_there, kind.fields().contains(&field)) {
                (false, true) => return wrong(field, "needed"),
                (true, false) => return wrong(field, "not looked at"),
                _ => {}
            }
        }
        match (kind, self.workflow_id) {
            (Kind::Silence, None) => wrong("workflow_id", "needed"),
            (Kind::QueueAge | Kind::Metric, Some(_)) => wrong("workflow_id", "not looked at"),
            _ => Ok(()),
        }
    }
}

/// Whether a name can be one of a rule: 1 to 50 of a-z, 0-9, `_` and `-`, the first one a letter or digit.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=50).contains(&name.len()) && name.bytes().all(good) && name.as_bytes()[0].is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_says_what_its_kind_needs_and_nothing_else() {
        let (rate, id) = (shipped(), Some(Uuid::nil()));
        let none = Rule { window_s: None, percent: None, ended_min: None, ..shipped() };
        let late = Rule { kind: Kind::Sla, after_s: Some(60), ..none.clone() };
        let silent = Rule { kind: Kind::Silence, workflow_id: id, ..late.clone() };
        let queue = Rule { kind: Kind::QueueAge, ..late.clone() };
        let mails = Rule { kind: Kind::Metric, metric: Some("emails_sent".into()), above: Some(0), ..none.clone() };
        for good in [&rate, &late, &silent, &queue, &mails, &Rule { workflow_id: id, ..rate.clone() }] {
            assert_eq!(good.check(), Ok(()), "{good:?}");
        }
        for (bad, field) in [
            (Rule { window_s: Some(299), ..rate.clone() }, "window_s"),
            (Rule { window_s: Some(86_401), ..rate.clone() }, "window_s"),
            (Rule { after_s: Some(60), ..rate.clone() }, "after_s"),
            (Rule { after_s: Some(i32::MAX), ..late.clone() }, "after_s"),
            (Rule { percent: None, ..rate.clone() }, "percent"),
            (Rule { percent: Some(0), ..rate.clone() }, "percent"),
            (Rule { percent: Some(5), ..late.clone() }, "percent"),
            (Rule { ended_min: None, ..rate }, "ended_min"),
            (Rule { ended_min: Some(1), ..late }, "ended_min"),
            (Rule { workflow_id: None, ..silent }, "workflow_id"),
            (Rule { workflow_id: id, ..queue }, "workflow_id"),
            (Rule { metric: Some("day".into()), ..mails.clone() }, "metric"),
            (Rule { metric: None, ..mails.clone() }, "metric"),
            (Rule { above: Some(-1), ..mails.clone() }, "above"),
            (Rule { workflow_id: id, ..mails }, "workflow_id"),
        ] {
            assert_eq!(bad.check().map_err(|flaw| flaw.field), Err(field), "{bad:?}");
        }
    }

    #[test]
    fn names_are_words() {
        for good in ["failures", "a", "7-days", "orders_late", &"x".repeat(50)] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "a b", "ä", &"x".repeat(51)] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
