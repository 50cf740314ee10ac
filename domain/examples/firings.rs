//! Prints the fire times of a year, for `scripts/compare_croniter.py` to compare: reads lines `cron<TAB>zone<TAB>from<TAB>to` with times
//! in seconds since 1970, and prints for each a line with the seconds of its fire times.
#![allow(clippy::print_stdout, reason = "an example for a script")]

use std::io::{self, BufRead};

use capstan_domain::schedules::Calendar;
use chrono::DateTime;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let fields: Vec<&str> = line.split('\t').collect();
        let [cron, zone, from, to] = fields[..] else { return Err(format!("four fields, not {line:?}").into()) };
        let calendar = Calendar::new(cron, zone.parse()?, None, None)?;
        let at =
            |text: &str| text.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).ok_or("no time");
        let (from, to) = (at(from)?, at(to)?);
        let times = std::iter::successors(calendar.next(from), |at| calendar.next(*at)).take_while(|at| *at < to);
        println!("{}", times.map(|at| at.timestamp().to_string()).collect::<Vec<_>>().join(" "));
    }
    Ok(())
}
