//! What is around workspaces: their pages and settings, settings and health of the platform, and what people are told.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    AssignedPages, Items, NotificationPreference, Notifications, PageView, PlatformChange, PlatformHealth,
    PlatformSetting, Unread, WorkspaceSettings,
};
use crate::paging::Page;
use crate::routes::platform::{audit, health, pages, settings};
use crate::routes::{notifications, workspace_settings};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(pages::catalogue, "listPages", "Parts of the product that workspaces can have")
            .gives::<Items<PageView>>(200),
        op(pages::show, "getTenantPages", "Which pages a workspace has").gives::<AssignedPages>(200),
        op(pages::put, "assignTenantPages", "Assign pages to a workspace; routes of others refuse within seconds")
            .takes::<pages::AssignPages>()
            .gives::<AssignedPages>(200),
        op(settings::list, "listPlatformSettings", "Settings of the platform, and what holds")
            .gives::<Items<PlatformSetting>>(200),
        op(settings::put, "setPlatformSetting", "Set one; it holds in all processes within seconds")
            .takes::<settings::SetSetting>()
            .gives::<PlatformSetting>(200),
        op(settings::delete, "removePlatformSetting", "Let one be as the environment of the processes says")
            .gives::<PlatformSetting>(200),
        op(audit::list, "listPlatformChanges", "Changes of settings, and of what is assigned to workspaces")
            .query::<audit::AuditQuery>()
            .gives::<Page<PlatformChange>>(200),
        op(health::show, "getPlatformHealth", "How the first cell, its fleet and its database are and were")
            .query::<health::HealthQuery>()
            .gives::<PlatformHealth>(200),
        op(notifications::list, "listNotifications", "What one was told, newest first")
            .query::<notifications::ListQuery>()
            .gives::<Notifications>(200),
        op(notifications::read, "readNotifications", "Mark some as read, or all")
            .may_take::<notifications::Read>()
            .gives::<Unread>(200),
        op(notifications::preferences, "listNotificationPreferences", "Of which kinds of news one is mailed")
            .gives::<Items<NotificationPreference>>(200),
        op(notifications::prefer, "setNotificationPreference", "Say whether to be mailed of a kind")
            .takes::<notifications::Wish>()
            .gives::<NotificationPreference>(200),
        op(workspace_settings::show, "getWorkspaceSettings", "Settings of the workspace")
            .gives::<WorkspaceSettings>(200),
        op(workspace_settings::put, "setWorkspaceSettings", "Change settings of the workspace")
            .takes::<workspace_settings::Wish>()
            .gives::<WorkspaceSettings>(200),
    ]
}
