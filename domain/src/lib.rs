//! What Capstan knows beyond running graphs: who may come in, where triggers answer, what people are asked, what steps
//! call, custom events, what ends of executions start, outbound webhooks, credentials and how secrets are kept, plans and
//! what is used of them, what was done on each day, alerts, billing, automation rules, leads, records of types that
//! workspaces define, workflows as files, what is held about a person, settings of the platform, what people are told, the sandbox mailbox, what
//! changed since one last looked, which trace a task works for, and its spans.
//!
//! Each module holds its model and its SQL. Functions take a connection, so that the caller owns the transaction.
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod access;
pub mod alerts;
pub mod analytics;
pub mod approvals;
pub mod audit;
pub mod billing;
pub mod by;
pub mod calls;
pub mod cells;
pub mod changes;
pub mod constants;
pub mod credentials;
pub mod event_triggers;
pub mod events;
pub mod execution_triggers;
pub mod form_submissions;
pub mod form_token;
pub mod history;
pub mod hooks;
pub mod leads;
pub mod machine;
pub mod mailbox;
pub mod migrate;
mod moved;
mod note_kind;
pub mod notifications;
pub mod persons;
pub mod platform;
pub mod quotas;
pub mod recording;
pub mod records;
pub mod request_keys;
pub mod resolve;
pub mod restart;
pub mod rules;
pub mod schedules;
pub mod search;
pub mod secrets;
pub mod spans;
mod steps_told;
pub mod trace;
pub mod trigger_paths;
pub mod trigger_starts;
pub mod triggers;
pub mod watch;
pub mod webhooks;
pub mod workflow_files;
pub mod workflows;
pub mod workspace_settings;
