//! Cron as people write it: five fields, or six with seconds first.

use std::str::FromStr;

use cron::Schedule;
use thiserror::Error;

/// Longest cron text, in bytes.
const TEXT_BYTES_MAX: usize = 200;
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// The fields, each with a value that is always good.
const FIELDS: [(&str, &str); 6] =
    [("second", "0"), ("minute", "0"), ("hour", "0"), ("day of month", "1"), ("month", "1"), ("day of week", "*")];

/// Why a text is no cron expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CronFlaw {
    /// It has too few or too many fields.
    #[error(
        "a cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second first; \
         this has {0}"
    )]
    Fields(usize),
    /// One of them cannot be read.
    #[error("the field \"{text}\" is no {field} of a cron expression")]
    Field {
        /// Which one.
        field: &'static str,
        /// As written.
        text: String,
    },
    /// An unknown word that begins with `@`.
    #[error("\"{0}\" is not known; there are @hourly, @daily, @weekly, @monthly and @yearly")]
    Word(String),
    /// It is longer than [`TEXT_BYTES_MAX`].
    #[error("a cron expression has at most {TEXT_BYTES_MAX} bytes")]
    TooLong,
}

/// Reads an expression. It fires when any of the answered ones does: a day is good if it fits the day of month or the day of
/// week, where both are restricted, as in every crontab. Days of the week count from Sunday, which is 0 and 7.
pub(super) fn read(text: &str) -> Result<Vec<Schedule>, CronFlaw> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(CronFlaw::TooLong);
    }
    let text = text.trim();
    let text = if text.starts_with('@') { word(text)? } else { text };
    let mut fields: Vec<String> = text.split_whitespace().map(str::to_ascii_uppercase).collect();
    match fields.len() {
        5 => fields.insert(0, "0".into()),
        6 => {}
        count => return Err(CronFlaw::Fields(count)),
    }
    for day in [3, 5] {
        if fields[day] == "?" {
            fields[day] = "*".into();
        }
    }
    let [is_any_day, is_any_week_day] = [3, 5].map(|day: usize| ["*", "*/1"].contains(&fields[day].as_str()));
    fields[5] = week_days(&fields[5])?;
    for (place, (name, _)) in FIELDS.iter().enumerate() {
        let alone =
            FIELDS.iter().enumerate().map(|(at, (_, good))| if at == place { fields[at].as_str() } else { *good });
        parse(&alone.collect::<Vec<_>>()).ok_or_else(|| flaw(name, &fields[place]))?;
    }
    let of = |day: &str, week_day: &str| {
        let [second, minute, hour, _, month, _] = [0, 1, 2, 3, 4, 5].map(|at| fields[at].as_str());
        parse(&[second, minute, hour, day, month, week_day]).ok_or(CronFlaw::Fields(fields.len()))
    };
    match is_any_day || is_any_week_day {
        true => Ok(vec![of(&fields[3], &fields[5])?]),
        false => Ok(vec![of(&fields[3], "*")?, of("*", &fields[5])?]),
    }
}

fn word(text: &str) -> Result<&'static str, CronFlaw> {
    Ok(match text {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return Err(CronFlaw::Word(text.to_owned())),
    })
}

fn parse(fields: &[&str]) -> Option<Schedule> {
    Schedule::from_str(&fields.join(" ")).ok()
}

fn flaw(field: &'static str, text: &str) -> CronFlaw {
    CronFlaw::Field { field, text: text.to_owned() }
}

/// Days of the week as the names that the parser counts like everybody else.
fn week_days(field: &str) -> Result<String, CronFlaw> {
    let flawed = || flaw("day of week", field);
    let mut days = [false; 7];
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0).ok_or_else(flawed)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((from, to)) => (week_day(from).ok_or_else(flawed)?, week_day(to).ok_or_else(flawed)?),
            None => {
                let day = week_day(range).ok_or_else(flawed)?;
                (day, if part.contains('/') { 6 } else { day })
            }
        };
        // FRI-SUN ends on the Sunday after.
        let to = if to == 0 && from > 0 { 7 } else { to };
        if from > to {
            return Err(flawed());
        }
        (from..=to).step_by(step).for_each(|day| days[day % 7] = true);
    }
    if days.iter().all(|day| *day) {
        return Ok("*".into());
    }
    Ok(DAYS.iter().zip(days).filter(|(_, is_in)| *is_in).map(|(name, _)| *name).collect::<Vec<_>>().join(","))
}

fn week_day(text: &str) -> Option<usize> {
    match text.parse::<usize>() {
        Ok(number) => Some(number).filter(|number| *number <= 7),
        Err(_) => DAYS.iter().position(|name| *name == text),
    }
}
