//! Routes around workspaces: the platform's, and what people are told.

use capstan_domain::access::Permission;

use crate::permit::{Access, Routes};
use crate::routes::{notifications, operations, platform, workspace_settings};

/// What people are told, and settings of the workspace.
pub(super) fn with_people(routes: Routes) -> Routes {
    use crate::permit::{get, post, put};
    use Access::User;

    routes
        .route("/notifications", get(User, notifications::list))
        .route("/notifications/read", post(User, notifications::read))
        .route("/notification-preferences", get(User, notifications::preferences))
        .route("/notification-preferences/{kind}", put(User, notifications::prefer))
        .route(
            "/workspace/settings",
            get(Permission::WorkspaceRead, workspace_settings::show)
                .put(Permission::WorkspaceWrite, workspace_settings::put),
        )
}

/// Workspaces as tenants, for administrators of the platform.
pub(super) fn with_platform(routes: Routes) -> Routes {
    use crate::permit::{by_itself, get, post, put};
    use Access::Platform;
    use platform::{audit, billing, duties, health, pages, servers, settings};

    routes
        .route("/workspaces", post(by_itself(Access::User), operations::create))
        .route("/operations/{operation_id}", get(Access::User, operations::get))
        .route("/operations/{operation_id}/retry", post(Platform, operations::retry))
        .route("/platform/transitions", get(Platform, platform::transitions))
        .route("/platform/tenants", get(Platform, platform::list).post(by_itself(Platform), platform::create))
        .route("/platform/tenants/{workspace_id}", get(Platform, platform::get))
        .route("/platform/tenants/{workspace_id}/suspend", post(Platform, platform::suspend))
        .route("/platform/tenants/{workspace_id}/resume", post(Platform, platform::resume))
        .route("/platform/tenants/{workspace_id}/archive", post(Platform, platform::archive))
        .route("/platform/pages", get(Platform, pages::catalogue))
        .route("/platform/tenants/{workspace_id}/pages", get(Platform, pages::show).put(Platform, pages::put))
        .route("/platform/settings", get(Platform, settings::list))
        .route("/platform/settings/{name}", put(Platform, settings::put).delete(Platform, settings::delete))
        .route("/platform/audit", get(Platform, audit::list))
        .route("/platform/health", get(Platform, health::show))
        .route("/platform/tenants/{workspace_id}/billing", get(Platform, billing::show))
        .route("/platform/tenants/{workspace_id}/billing/customer", put(Platform, billing::link))
        .route("/platform/billing/prices", get(Platform, billing::prices))
        .route(
            "/platform/billing/prices/{price}",
            put(Platform, billing::put_price).delete(Platform, billing::delete_price),
        )
        .route("/platform/billing/events", get(Platform, billing::events))
        .route("/platform/duties", get(Platform, duties::list))
        .route("/platform/database-servers", get(Platform, servers::list).post(Platform, servers::create))
        .route(
            "/platform/database-servers/{server_id}",
            get(Platform, servers::get).put(Platform, servers::change).delete(Platform, servers::delete),
        )
        .route("/platform/database-servers/{server_id}/check", post(Platform, servers::check))
}
