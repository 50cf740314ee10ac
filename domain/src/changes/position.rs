//! How far somebody has been told: a snapshot of the database, and when it was taken. Clients carry it as text.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use thiserror::Error;

/// Longest text of a position, in bytes.
pub const POSITION_BYTES_MAX: usize = 1_000;
/// Most open transactions that the text names. Of more it names none, and goes back to the oldest of them: some is told twice.
const OPEN_TOLD_MAX: usize = 40;
/// How texts begin; another form would have another number.
const FORM: &str = "1";

/// A snapshot: its transactions below `xmin` are all visible, from `xmax` on none is, and in between all but those of `open`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    xmin: u64,
    xmax: u64,
    /// Ascending.
    open: Vec<u64>,
    /// When it was taken, by the database.
    pub at: DateTime<Utc>,
}

/// A text is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is no position of a stream")]
pub struct NoPosition;

impl Position {
    /// Of a snapshot as PostgreSQL writes it: `xmin:xmax:open,open`.
    ///
    /// # Errors
    /// If it is none.
    pub fn of_snapshot(text: &str, at: DateTime<Utc>) -> Result<Self, NoPosition> {
        let mut parts = text.split(':');
        let (Some(xmin), Some(xmax), Some(open), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoPosition);
        };
        let (xmin, xmax) = (number(xmin)?, number(xmax)?);
        let open = open.split(',').filter(|open| !open.is_empty()).map(number).collect::<Result<Vec<_>, _>>()?;
        let is_between = open.iter().all(|open| (xmin..xmax).contains(open));
        if xmin == 0 || xmin > xmax || !is_between || !open.is_sorted_by(|one, next| one < next) {
            return Err(NoPosition);
        }
        Ok(Self { xmin, xmax, open, at })
    }

    /// The oldest transaction that was open then, or the next one: all before it had ended.
    #[must_use]
    pub fn oldest_open(&self) -> i64 {
        i64::try_from(self.xmin).unwrap_or(i64::MAX)
    }

    /// As PostgreSQL reads it.
    #[must_use]
    pub fn snapshot(&self) -> String {
        let open: Vec<String> = self.open.iter().map(u64::to_string).collect();
        format!("{}:{}:{}", self.xmin, self.xmax, open.join(","))
    }
}

/// As clients carry it.
impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.timestamp_micros();
        if self.open.len() > OPEN_TOLD_MAX {
            return write!(out, "{FORM}.{at}.{0}:{0}:", self.xmin);
        }
        write!(out, "{FORM}.{at}.{}", self.snapshot())
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        if text.len() > POSITION_BYTES_MAX {
            return Err(NoPosition);
        }
        let mut parts = text.splitn(3, '.');
        let (Some(FORM), Some(at), Some(snapshot)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoPosition);
        };
        let at = at.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(NoPosition)?;
        Self::of_snapshot(snapshot, at)
    }
}

/// Digits and nothing else: `u64` would take a sign.
fn number(text: &str) -> Result<u64, NoPosition> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NoPosition);
    }
    text.parse().map_err(|_| NoPosition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap()
    }

    #[test]
    fn a_position_is_carried_as_text() {
        for snapshot in ["7:7:", "7:20:7,9,19", "1:18446744073709551615:1"] {
            let position = Position::of_snapshot(snapshot, at()).unwrap();
            assert_eq!(position.snapshot(), snapshot);
            assert_eq!(position.to_string(), format!("1.1700000000123456.{snapshot}"));
            assert_eq!(position.to_string().parse(), Ok(position));
        }
    }

    #[test]
    fn a_position_with_many_open_transactions_goes_back_to_the_oldest_of_them() {
        let open: Vec<String> = (100..200).map(|xid| xid.to_string()).collect();
        let position = Position::of_snapshot(&format!("100:300:{}", open.join(",")), at()).unwrap();
        assert_eq!(position.to_string(), "1.1700000000123456.100:100:");
        assert!(position.snapshot().ends_with(&open.join(",")), "what is kept in a process knows all of them");
    }

    #[test]
    fn whatever_the_database_would_refuse_is_no_position() {
        for bad in [
            "",
            "1",
            "1.5",
            "2.1700000000123456.7:7:",
            "1.x.7:7:",
            "1.99999999999999999999.7:7:",
            "1.1700000000123456.7:7",
            "1.1700000000123456.7:7::",
            "1.1700000000123456.0:7:",
            "1.1700000000123456.8:7:",
            "1.1700000000123456.+7:8:",
            "1.1700000000123456.-7:8:",
            "1.1700000000123456.7:20:9,7",
            "1.1700000000123456.7:20:9,9",
            "1.1700000000123456.7:20:6",
            "1.1700000000123456.7:20:20",
            "1.1700000000123456.7:20:a",
            "1.1700000000123456.7:18446744073709551616:",
        ] {
            assert_eq!(bad.parse::<Position>(), Err(NoPosition), "{bad}");
        }
        let long =
            format!("1.1700000000123456.1:2000:{}", (1..400).map(|n| n.to_string()).collect::<Vec<_>>().join(","));
        assert_eq!(long.parse::<Position>(), Err(NoPosition));
    }
}
