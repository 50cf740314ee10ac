//! Plans, and what workspaces use of them.
//!
//! Plans are kept in `control`; each cell has a copy of the limits of its workspaces ([`sync`]). What is used is spent by
//! processes in memory, of slices ([`Till`]).

mod meters;
mod plans;
mod recorded;
mod room;
mod sync;
mod till;
mod usage;

pub use capstan_engine::store::purses::Refused;
pub use capstan_engine::store::quotas::{EMAILS, EXECUTIONS, meter_of, quota_of};
pub use meters::{SMS, custom_meter, is_custom};
pub use plans::{Plan, PlanChange, PlanError, WorkspacePlan, give_plan, list_plans, plan_of, set_plan, touch_all};
pub use recorded::change_plan;
pub use room::{Full, LEADS, WORKFLOWS, leads_fit, make_room};
pub use sync::{Unsynced, mark_synced, mark_tried, to_sync, write_limits};
pub use till::Till;
pub use usage::{History, Receipt, ReceiptPlace, Usage, Used, history, receipts, usage};
