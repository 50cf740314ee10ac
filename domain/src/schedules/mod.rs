//! Schedules: when `trigger.schedule` fires.
//!
//! A calendar says when, purely. A row of `schedules` holds the next fire time; a duty of the workers turns what is due by
//! the database's clock into rows of `trigger_starts`, in the commit that moves the next fire time on. So each fire time
//! becomes one row however many processes look, and [`crate::trigger_starts`] makes one execution of it.

mod advance;
mod calendar;
mod change;
mod cron_text;
mod due;
mod list;
mod rules;
mod sync;

pub use advance::{PassedBy, advance, next_ms};
pub use calendar::Calendar;
pub use change::{Backfill, BackfillFlaw, Backfilled, backfill, fire_now, pause, resume};
pub use cron_text::CronFlaw;
pub use due::{Due, GRACE_S, due};
pub use list::{ScheduleRow, find, list, now};
pub use rules::{CATCH_UP_MAX, CatchUp, JITTER_MAX, Overlap, Rules, RulesFlaw, START_WITHIN_DEFAULT, input};
pub use sync::{NewSchedule, SCHEDULES_MAX, sync};
