//! One file per node type.

mod action_code;
mod action_emit_event;
mod action_http_request;
mod action_send_email;
mod data_approval_link;
mod data_set;
mod debug_crash;
mod debug_fail;
mod debug_given;
mod debug_log;
mod debug_noop;
mod form_submission;
mod logic_approval;
mod logic_condition;
mod logic_delay;
mod logic_for_each;
mod logic_group;
mod logic_loop;
mod logic_merge;
mod logic_respond;
mod logic_sub_workflow;
mod logic_switch;
mod logic_try;
mod logic_wait_for_event;
mod logic_wait_for_signal;
mod parts;
mod trigger_form;
mod trigger_manual;
mod trigger_webhook;

pub use form_submission::{FieldError, validate_fields, validate_submission};
pub use logic_respond::Reply;
pub use trigger_form::{Config as FormConfig, Field as FormField, FieldType as FormFieldType};
pub use trigger_webhook::{ANSWER_WAIT_MAX, Config as WebhookConfig, Method as WebhookMethod, Respond};

pub(crate) use action_code::ActionCode;
pub(crate) use action_emit_event::ActionEmitEvent;
pub(crate) use action_http_request::ActionHttpRequest;
pub(crate) use action_send_email::ActionSendEmail;
pub(crate) use data_approval_link::DataApprovalLink;
pub(crate) use data_set::DataSet;
pub(crate) use debug_crash::DebugCrash;
pub(crate) use debug_fail::DebugFail;
pub(crate) use debug_given::DebugGiven;
pub(crate) use debug_log::DebugLog;
pub(crate) use debug_noop::DebugNoop;
pub(crate) use logic_approval::LogicApproval;
pub(crate) use logic_condition::LogicCondition;
pub(crate) use logic_delay::LogicDelay;
pub(crate) use logic_for_each::LogicForEach;
pub(crate) use logic_group::LogicGroup;
pub(crate) use logic_loop::LogicLoop;
pub(crate) use logic_merge::LogicMerge;
pub(crate) use logic_respond::LogicRespond;
pub(crate) use logic_sub_workflow::LogicSubWorkflow;
pub(crate) use logic_switch::LogicSwitch;
pub(crate) use logic_try::LogicTry;
pub(crate) use logic_wait_for_event::LogicWaitForEvent;
pub(crate) use logic_wait_for_signal::LogicWaitForSignal;
pub(crate) use trigger_form::TriggerForm;
pub(crate) use trigger_manual::TriggerManual;
pub(crate) use trigger_webhook::{TriggerWebhook, check_responses};

/// The node type whose first settled step answers whoever waits for its execution.
pub const RESPOND: &str = "logic.respond";
