//! Alerts: rules of a workspace about its executions, judged about each minute by one worker. A broken rule raises one alert,
//! which is cleared when it holds again; both are told as events, and people are mailed.

mod change;
mod list;
mod mail;
mod mark;
mod page;
mod rate;
mod round;
mod rule;
mod rules;
mod watch;

pub use list::{AlertRow, list};
pub use mail::{AlertMail, mailed, take_mail, to_mail};
pub use round::{Turn, due, turn};
pub use rule::{DEFAULT_NAME, Kind, METRICS, Rule, RuleFlaw, is_name, shipped};
pub use rules::{RULES_MAX, RuleRow, delete_rule, list_rules, put_rule};
