//! The worker on a real database: claims, commits, waits, survives.
#![allow(clippy::unwrap_used, reason = "tests")]

mod agenda;
mod approvals;
mod begins;
mod bulk;
mod calm;
mod children;
mod chunks;
mod containers;
mod credential_tests;
mod doomed;
mod event_triggers;
mod events;
mod execution_triggers;
mod flow;
mod full;
mod limits;
mod links;
mod migrate;
mod outside;
mod patterns;
mod pauses;
mod persons;
mod quotas;
mod receiver;
mod records;
mod repair;
mod rough;
mod schedules;
mod secrets;
mod slow;
mod support;
mod taken;
mod upkeep;
mod verbs;
mod webhooks;
