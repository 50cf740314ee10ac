//! Leads: lists, the board, one lead and what is done about it, the pipeline, custom fields.

pub(crate) mod board;
pub(crate) mod deleted;
mod doing;
pub(crate) mod fields;
mod findings;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod pipeline;
mod view;

pub(super) use doing::refusal;
pub(super) use findings::form_findings;
pub(crate) use view::{LeadEventView, LeadView};

/// Most bytes of a request about one lead.
const LEAD_BYTES_MAX: usize = 256 * 1024;
/// What a lead is called where there is none.
const LEAD: &str = "lead";
