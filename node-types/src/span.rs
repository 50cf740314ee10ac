//! Spans of time as people write them: `90s`, `10 min`, `3d 2h`, `1 day and 12 hours`.

use std::time::Duration;

/// Longest span and farthest point that a node may wait for: five years of 366 days.
pub const SPAN_MAX: Duration = Duration::from_secs(5 * 366 * 86_400);
/// Longest text of a span, in bytes.
const TEXT_BYTES_MAX: usize = 100;

/// Why a text is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not numbers with units.
    #[error(
        "\"{0}\" is not a span of time; write for example \"90s\", \"10 min\" or \"3d 2h\" (units ms, s, min, h, d, w)"
    )]
    Unreadable(String),
    /// Beyond [`SPAN_MAX`].
    #[error("the span \"{0}\" is longer than five years")]
    TooLong(String),
}

/// Reads whole numbers, each with a unit, and adds them up. Spaces, commas and `and` may stand between.
///
/// Units: `ms`, `s`, `min` or `m`, `h`, `d` (24 h), `w` (7 d), and their English names.
///
/// # Errors
/// No number, a number without unit, an unknown unit, or more than [`SPAN_MAX`].
pub fn parse(text: &str) -> Result<Duration, SpanError> {
    let shown = || text.chars().take(TEXT_BYTES_MAX).collect::<String>();
    if text.len() > TEXT_BYTES_MAX {
        return Err(SpanError::Unreadable(shown()));
    }
    let mut rest = text.trim();
    let mut sum_ms: u64 = 0;
    let mut parts = 0;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let after = after.trim_start();
        let (unit, after) = after.split_at(after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len()));
        let unit_ms = unit_ms(unit).filter(|_| !number.is_empty()).ok_or_else(|| SpanError::Unreadable(shown()))?;
        let part_ms = number.parse().ok().and_then(|number: u64| number.checked_mul(unit_ms));
        sum_ms = part_ms.and_then(|ms| sum_ms.checked_add(ms)).ok_or_else(|| SpanError::TooLong(shown()))?;
        parts += 1;
        rest = after.trim_start_matches([',', ' ']);
        rest = rest.strip_prefix("and ").unwrap_or(rest).trim_start();
    }
    match Duration::from_millis(sum_ms) {
        _ if parts == 0 => Err(SpanError::Unreadable(shown())),
        span if span > SPAN_MAX => Err(SpanError::TooLong(shown())),
        span => Ok(span),
    }
}

fn unit_ms(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => 1,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        "w" | "week" | "weeks" => 604_800_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_write_spans_in_many_ways() {
        for (text, expected_ms) in [
            ("0s", 0),
            ("250ms", 250),
            ("90s", 90_000),
            ("10 min", 600_000),
            ("3d 2h", 266_400_000),
            ("3d2h", 266_400_000),
            (" 1 Day and 12 hours ", 129_600_000),
            ("1w, 1ms", 604_800_001),
        ] {
            assert_eq!(parse(text).map(|span| span.as_millis()), Ok(expected_ms), "{text}");
        }
        for text in ["", " ", "5", "h", "-1h", "1.5h", "1 fortnight", "1h 2", "and", "1h;2m", &"1h ".repeat(50)] {
            assert!(matches!(parse(text), Err(SpanError::Unreadable(_))), "{text}");
        }
        for text in ["1831d", "99999999999999999999s", "18446744073709551615w"] {
            assert!(matches!(parse(text), Err(SpanError::TooLong(_))), "{text}");
        }
    }
}
