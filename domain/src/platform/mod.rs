//! The platform itself, for its administrators: which pages workspaces have, settings that hold for all, and who changed either. All of
//! it is in `control`, and written by the access role; the API's role reads what it has to act by.

mod audit;
mod pages;
mod settings;

pub use audit::{PlatformAuditRow, last_change, list_audit, record};
pub use pages::{AssignedRow, assign_pages, assigned_pages, pages_of};
pub use settings::{
    InForce, SETTINGS, Setting, SettingFlaw, SettingKind, SettingRow, hold_settings, in_force, list_settings,
    remove_setting, set_setting, setting,
};
