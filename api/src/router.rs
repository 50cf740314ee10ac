//! Which route goes where.

mod around;
mod why;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{any, get, post};
use capstan_domain::access::{Page, Permission};
use tower_http::catch_panic::CatchPanicLayer;

use crate::permit::{self, Access, Routes};
use crate::problem::Problem;
use crate::routes::{
    alerts, approvals, approve, assets, audit, backtest, billing, bookings, bulk_jobs, case, credentials,
    custom_events, deleted, editor, events, execution_list, executions, explain, expression, forms, health, hooks,
    leads, limits, log_search, logs, mail, me, migrate, node_types, orders, page, pauses, people, persons, publish,
    records, resolve, restart, retry_now, rules, schedules, session, signals, simulate, stats, stream, test_step,
    timeline, trial, trigger_starts, usage, version, webhooks, workflow_files, workflows,
};
use crate::{Api, compression, edge, entity_tags, openapi};

pub(crate) fn router(api: &Api) -> Router {
    surrounded(routes()).with_state(api.clone())
}

/// What crosses all routes, also those that do not exist.
pub(crate) fn surrounded<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .fallback(async || Problem::from_status(StatusCode::NOT_FOUND).into_response())
        .layer(CatchPanicLayer::custom(edge::panicked))
        .layer(from_fn(entity_tags::revalidate))
        .layer(compression::layer())
        .layer(from_fn(compression::retag))
        .layer(from_fn(edge::surround))
}

fn routes() -> Router<Api> {
    Router::new()
        .nest("/api/v1", resources().into_router())
        .route("/", get(page::show))
        .route("/editor", get(editor::to_home))
        .route("/editor/", get(editor::home))
        .route("/editor/{*path}", get(editor::show))
        .route("/login/{provider}", get(people::login::begin))
        .route("/login/{provider}/callback", get(people::login::end))
        .route(credentials::gmail::BEGIN, get(credentials::gmail::begin))
        .route("/connect/gmail/callback", get(credentials::gmail::end))
        .route("/session", post(session::sign_in))
        .route("/session/end", post(session::sign_out))
        .route("/p/{workspace}", get(forms::show_only).post(forms::submit_only))
        .route("/p/{workspace}/{*path}", get(forms::show).post(forms::submit))
        .route("/verify/{token}", get(forms::verify::show).post(forms::verify::confirm))
        .route("/api/public/lead", post(forms::public::submit))
        .route("/api/public/billing/stripe", post(billing::receive))
        .route("/api/webhook/calendly", post(bookings::by_query))
        .route("/api/webhook/calendly/{workspace}", post(bookings::at_workspace))
        .route("/api/webhook/calendly/{workspace}/{*path}", post(bookings::at_path))
        .route("/hooks/{workspace}/{*path}", any(hooks::receive))
        .route("/hooks-test/{workspace}/{listen_id}", any(hooks::capture))
        .route("/approve/{token}", get(approve::show).post(approve::submit))
        .route("/dev/mail", permit::get(Permission::AuditRead, mail::list).unlisted())
        .route("/dev/mail/{mail_id}", permit::get(Permission::AuditRead, mail::show).unlisted())
        .route("/assets/page.css", get(assets::css))
        .route("/assets/page.js", get(assets::js))
        .route("/assets/icon.svg", get(assets::icon))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
}

/// Below `/api/v1`. Each method says what it needs; see [`crate::permit`].
pub(crate) fn resources() -> Routes {
    use crate::permit::{ONLY_LOOKS, by_itself, delete, get, goes_on, may_lag, on, post, put, unkeyed};
    use why::{EACH_IS_ITS_OWN, ENDS_ITS_SESSION, KEEPS_NOTHING, LINK_WORKS_ONCE, MAILS_A_LINK};

    around::with_people(with_records(with_leads(around::with_platform(with_webhooks(Routes::default())))))
        .route("/openapi.json", get(Access::Public, openapi::show))
        .route("/healthz", get(Access::Public, health::healthz))
        .route("/readyz", get(Access::Public, health::readyz))
        .route("/me", get(Access::Anyone, me::show).put(Access::User, me::rename))
        .route("/me/password", put(unkeyed(Access::User, ENDS_ITS_SESSION), people::password::change))
        .route("/access", get(Access::Public, me::access))
        .route(
            "/session",
            post(unkeyed(Access::Public, EACH_IS_ITS_OWN), people::sessions::log_in)
                .delete(unkeyed(Access::User, ENDS_ITS_SESSION), people::sessions::log_out),
        )
        .route(
            "/sessions",
            get(Access::User, people::sessions::list).delete(Access::User, people::sessions::end_others),
        )
        .route("/sessions/{session_id}", delete(Access::User, people::sessions::end))
        .route("/identities", get(Access::User, people::identities::list))
        .route("/identities/{identity_id}", delete(Access::User, people::identities::unlink))
        .route("/sign-up", post(unkeyed(Access::Public, MAILS_A_LINK), people::sign_up::begin))
        .route("/sign-up/complete", post(unkeyed(Access::Public, LINK_WORKS_ONCE), people::sign_up::complete))
        .route("/password/forgot", post(unkeyed(Access::Public, MAILS_A_LINK), people::password::forgot))
        .route("/password/reset", post(unkeyed(Access::Public, LINK_WORKS_ONCE), people::password::reset))
        .route("/mail-links/look", post(unkeyed(Access::Public, ONLY_LOOKS), people::links::look))
        .route("/invitations/accept", post(unkeyed(Access::Public, LINK_WORKS_ONCE), people::invitations::accept))
        .route(
            "/invitations",
            get(Permission::MembersRead, people::invitations::list)
                .post(Permission::MembersWrite, people::invitations::create),
        )
        .route("/invitations/{invitation_id}", delete(Permission::MembersWrite, people::invitations::revoke))
        .route("/members", get(Permission::MembersRead, people::members::list))
        .route("/members/leave", post(Access::User, people::members::leave))
        .route(
            "/members/{user_id}",
            put(Permission::MembersWrite, people::members::change)
                .delete(Permission::MembersWrite, people::members::remove),
        )
        .route("/workspace/transfer", post(Permission::WorkspaceOwn, people::members::transfer))
        .route("/keys", get(Permission::KeysRead, people::keys::list).post(Permission::KeysWrite, people::keys::create))
        .route("/login-providers", get(Access::Public, people::login::list))
        .route("/tokens", post(unkeyed(Access::Anyone, KEEPS_NOTHING), people::tokens::create))
        .route("/jwks", get(Access::Public, people::tokens::public_keys))
        .route(
            "/person-jobs",
            get(permit::on_no_page(Permission::AuditRead), persons::list)
                .post(Permission::PersonsManage, persons::create),
        )
        .route("/person-jobs/{person_job_id}", get(permit::on_no_page(Permission::AuditRead), persons::get))
        .route("/person-jobs/{person_job_id}/lines", get(Permission::PersonsManage, persons::lines))
        .route("/audit", get(Permission::AuditRead, audit::list))
        .route("/audit/export", get(Permission::AuditExport, audit::export::show))
        .route("/keys/{key_id}", delete(Permission::KeysWrite, people::keys::revoke))
        .route(
            "/workflows",
            get(Permission::WorkflowsRead, workflows::list).post(Permission::WorkflowsWrite, workflows::create),
        )
        .route("/workflows/export", get(Permission::WorkflowsRead, workflow_files::export::all))
        .route("/workflows/import", post(Permission::WorkflowsWrite, workflow_files::import::create))
        .route("/workflows/{workflow_id}/export", get(Permission::WorkflowsRead, workflow_files::export::one))
        .route("/workflows/validate", post(Permission::WorkflowsRead, publish::validate))
        .route("/expressions/preview", post(Permission::WorkflowsRead, expression::preview))
        .route(
            "/workflows/{workflow_id}",
            get(Permission::WorkflowsRead, workflows::get).delete(Permission::WorkflowsPublish, deleted::delete),
        )
        .route("/deleted-workflows", get(Permission::WorkflowsRead, deleted::list))
        .route("/deleted-workflows/{workflow_id}/restore", post(Permission::WorkflowsPublish, deleted::restore))
        .route("/workflows/{workflow_id}/rename", post(Permission::WorkflowsWrite, workflows::rename))
        .route("/workflows/{workflow_id}/draft", put(Permission::WorkflowsWrite, workflows::save_draft))
        .route("/workflows/{workflow_id}/draft/simulate", post(Permission::WorkflowsRead, simulate::create))
        .route("/workflows/{workflow_id}/draft/backtest", post(Permission::ExecutionsRead, backtest::create))
        .route(
            "/workflows/{workflow_id}/draft/test-step",
            post(by_itself(Permission::WorkflowsWrite), test_step::create),
        )
        .route("/workflows/{workflow_id}/draft/run", post(by_itself(Permission::WorkflowsWrite), trial::run))
        .route("/workflows/{workflow_id}/validate", post(Permission::WorkflowsRead, publish::validate_draft))
        .route("/workflows/{workflow_id}/publish", post(Permission::WorkflowsPublish, publish::publish))
        .route("/workflows/{workflow_id}/versions", get(Permission::WorkflowsRead, publish::versions))
        .route(
            "/rules",
            get(on(Page::Rules, Permission::WorkflowsRead), rules::list)
                .post(on(Page::Rules, Permission::WorkflowsPublish), rules::change::create),
        )
        .route(
            "/rules/{rule_id}",
            get(on(Page::Rules, Permission::WorkflowsRead), rules::get)
                .put(on(Page::Rules, Permission::WorkflowsPublish), rules::change::update)
                .delete(on(Page::Rules, Permission::WorkflowsPublish), rules::change::delete),
        )
        .route("/workflows/{workflow_id}/pause", post(Permission::ExecutionsOperate, pauses::pause))
        .route("/workflows/{workflow_id}/resume", post(Permission::ExecutionsOperate, pauses::resume))
        .route("/workspace/pause", post(Permission::WorkspaceWrite, pauses::pause_all))
        .route("/workspace/resume", post(Permission::WorkspaceWrite, pauses::resume_all))
        .route("/pauses", get(Permission::WorkspaceRead, pauses::list))
        .route(
            "/hook-secrets",
            get(Permission::CredentialsRead, hooks::secret_list).post(Permission::CredentialsWrite, hooks::secret_add),
        )
        .route("/hook-secrets/{hook_secret_id}", delete(Permission::CredentialsWrite, hooks::secret_remove))
        .route(
            "/workflows/{workflow_id}/hooks/listen",
            post(on(Page::Workflows, Permission::TriggersWrite), hooks::listen_begin),
        )
        .route(
            "/workflows/{workflow_id}/hooks/listen/{listen_id}",
            get(on(Page::Workflows, Permission::TriggersRead), hooks::listen_show)
                .delete(on(Page::Workflows, Permission::TriggersWrite), hooks::listen_end),
        )
        .route("/schedules", get(Permission::TriggersRead, schedules::list))
        .route("/schedules/preview", post(Permission::TriggersRead, schedules::preview))
        .route("/schedules/{schedule_id}", get(Permission::TriggersRead, schedules::get))
        .route("/schedules/{schedule_id}/pause", post(Permission::TriggersWrite, schedules::pause))
        .route("/schedules/{schedule_id}/resume", post(Permission::TriggersWrite, schedules::resume))
        .route("/schedules/{schedule_id}/backfill", post(Permission::TriggersWrite, schedules::backfill))
        .route("/schedules/{schedule_id}/fire", post(Permission::TriggersWrite, schedules::fire))
        .route("/forms", get(on(Page::Forms, Permission::TriggersRead), forms::list::list))
        .route(
            "/workflows/{workflow_id}/trigger-starts",
            get(on(Page::Workflows, Permission::TriggersRead), trigger_starts::list),
        )
        .route("/workflows/{workflow_id}/versions/{version_id}", get(Permission::WorkflowsRead, version::get))
        .route(
            "/executions",
            get(may_lag(Permission::ExecutionsRead), execution_list::list)
                .post(by_itself(Permission::ExecutionsStart), executions::start),
        )
        .route("/executions/{execution_id}", get(Permission::ExecutionsRead, executions::get))
        .route("/executions/{execution_id}/logs", get(Permission::ExecutionsRead, logs::read))
        .route("/logs", get(may_lag(Permission::ExecutionsRead), log_search::search))
        .route("/executions/{execution_id}/timeline", get(Permission::ExecutionsRead, timeline::read))
        .route("/executions/{execution_id}/events", get(goes_on(Permission::ExecutionsRead), events::follow))
        .route("/executions/{execution_id}/cancel", post(Permission::ExecutionsOperate, signals::cancel))
        .route("/executions/{execution_id}/explain", get(Permission::ExecutionsRead, explain::read))
        .route("/executions/{execution_id}/case", get(Permission::ExecutionsRead, case::get))
        .route("/executions/{execution_id}/pause", post(Permission::ExecutionsOperate, orders::pause))
        .route("/executions/{execution_id}/resume", post(Permission::ExecutionsOperate, orders::resume))
        .route("/executions/{execution_id}/resolve", post(Permission::ExecutionsOperate, resolve::create))
        .route("/executions/{execution_id}/restart", post(by_itself(Permission::ExecutionsOperate), restart::create))
        .route("/executions/{execution_id}/migrate", post(Permission::ExecutionsOperate, migrate::create))
        .route("/executions/{execution_id}/retry-now", post(Permission::ExecutionsOperate, retry_now::create))
        .route(
            "/executions/{execution_id}/signals/{name}",
            post(by_itself(Permission::ExecutionsOperate), signals::send),
        )
        .route(
            "/executions/{execution_id}/approvals/{node_id}",
            post(by_itself(Permission::ApprovalsAnswer), approvals::answer),
        )
        .route("/stream", get(goes_on(Permission::WorkspaceRead), stream::listen))
        .route("/approvals", get(Permission::ExecutionsRead, approvals::list))
        .route("/events", post(Permission::EventsWrite, custom_events::create))
        .route("/events/batch", post(Permission::EventsWrite, custom_events::create_batch))
        .route(
            "/bulk-jobs",
            get(on(Page::Failures, Permission::ExecutionsRead), bulk_jobs::list)
                .post(on(Page::Failures, by_itself(Permission::ExecutionsOperate)), bulk_jobs::create),
        )
        .route("/bulk-jobs/{job_id}", get(on(Page::Failures, Permission::ExecutionsRead), bulk_jobs::get))
        .route("/bulk-jobs/{job_id}/items", get(on(Page::Failures, Permission::ExecutionsRead), bulk_jobs::items))
        .route("/bulk-jobs/{job_id}/cancel", post(on(Page::Failures, Permission::ExecutionsOperate), bulk_jobs::cancel))
        .route("/credential-types", get(Permission::CredentialsRead, credentials::types))
        .route(
            "/credentials",
            get(Permission::CredentialsRead, credentials::list).post(Permission::CredentialsWrite, credentials::create),
        )
        .route(
            "/credentials/{credential_id}",
            get(Permission::CredentialsRead, credentials::get)
                .put(Permission::CredentialsWrite, credentials::replace)
                .delete(Permission::CredentialsWrite, credentials::delete),
        )
        .route("/credentials/{credential_id}/uses", get(Permission::CredentialsRead, credentials::uses::list))
        .route("/credentials/{credential_id}/rename", post(Permission::CredentialsWrite, credentials::rename))
        .route("/credentials/{credential_id}/test", post(Permission::CredentialsUse, credentials::test::create))
        .route("/limits", get(Permission::WorkspaceRead, limits::list))
        .route(
            "/limits/workspace",
            put(Permission::WorkspaceWrite, limits::set_of_workspace)
                .delete(Permission::WorkspaceWrite, limits::remove_of_workspace),
        )
        .route(
            "/workflows/{workflow_id}/limits/executions",
            put(Permission::WorkspaceWrite, limits::set_of_workflow)
                .delete(Permission::WorkspaceWrite, limits::remove_of_workflow),
        )
        .route(
            "/workflows/{workflow_id}/limits/key",
            put(Permission::WorkspaceWrite, limits::set_of_key)
                .delete(Permission::WorkspaceWrite, limits::remove_of_key),
        )
        .route("/billing", get(Permission::BillingRead, billing::show))
        .route("/usage", get(Permission::UsageRead, usage::show))
        .route("/usage/receipts", get(may_lag(Permission::UsageRead), usage::receipts))
        .route("/alerts", get(on(Page::Alerts, Permission::WorkspaceRead), alerts::list))
        .route("/alert-rules", get(on(Page::Alerts, Permission::WorkspaceRead), alerts::rules::list))
        .route(
            "/alert-rules/{name}",
            put(on(Page::Alerts, Permission::WorkspaceWrite), alerts::rules::put)
                .delete(on(Page::Alerts, Permission::WorkspaceWrite), alerts::rules::delete),
        )
        .route("/stats/daily", get(on(Page::Overview, may_lag(Permission::UsageRead)), stats::daily))
        .route("/node-types", get(Permission::WorkflowsRead, node_types::list))
}

/// Leads, where they stand, and what is known of them.
fn with_leads(routes: Routes) -> Routes {
    use crate::permit::{get, may_lag, post};
    use Permission::{LeadsManage, LeadsRead, LeadsWrite};
    use leads::{board, deleted, fields, history, list, one, pipeline};

    routes
        .route("/leads", get(may_lag(LeadsRead), list::list).post(LeadsWrite, one::create))
        .route(
            "/leads/{lead_id}",
            get(LeadsRead, one::get).patch(LeadsWrite, one::update).delete(LeadsWrite, one::delete),
        )
        .route("/leads/{lead_id}/status", post(LeadsWrite, one::set_status))
        .route("/leads/{lead_id}/events", get(LeadsRead, history::list).post(LeadsWrite, history::create))
        .route("/deleted-leads", get(LeadsRead, deleted::list))
        .route("/deleted-leads/{lead_id}/restore", post(LeadsWrite, deleted::restore))
        .route("/lead-board", get(may_lag(LeadsRead), board::show))
        .route("/lead-pipeline", get(LeadsRead, pipeline::show).put(LeadsManage, pipeline::put))
        .route("/lead-fields", get(LeadsRead, fields::list))
        .route("/lead-fields/{name}", permit::put(LeadsManage, fields::put))
        .route("/lead-sources", get(LeadsRead, fields::sources))
}

/// Records of types that the workspace defines.
fn with_records(routes: Routes) -> Routes {
    use crate::permit::{get, may_lag, post};
    use Permission::{RecordsManage, RecordsRead, RecordsWrite};
    use records::{deleted, history, list, one, transitions, types};

    routes
        .route("/record-types", get(RecordsRead, types::list))
        .route(
            "/record-types/{name}",
            get(RecordsRead, types::get).put(RecordsManage, types::put).delete(RecordsManage, types::delete),
        )
        .route("/records", get(may_lag(RecordsRead), list::list).post(RecordsWrite, one::create))
        .route(
            "/records/{record_id}",
            get(RecordsRead, one::get).patch(RecordsWrite, one::update).delete(RecordsWrite, one::delete),
        )
        .route(
            "/records/{record_id}/transitions",
            get(RecordsRead, transitions::list).post(RecordsWrite, transitions::create),
        )
        .route("/records/{record_id}/history", get(RecordsRead, history::list).post(RecordsWrite, history::create))
        .route("/deleted-records", get(RecordsRead, deleted::list))
        .route("/deleted-records/{record_id}/restore", post(RecordsWrite, deleted::restore))
}

/// Outbound webhooks, and which events there are.
fn with_webhooks(routes: Routes) -> Routes {
    use crate::permit::{get, may_lag, post, put};
    use Permission::{WebhooksRead, WebhooksWrite};
    use webhooks::{actions, certificate, deliveries, endpoints, event_types};

    routes
        .route("/webhook-endpoints", get(WebhooksRead, endpoints::list).post(WebhooksWrite, endpoints::create))
        .route(
            "/webhook-endpoints/{endpoint_id}",
            get(WebhooksRead, endpoints::get)
                .put(WebhooksWrite, endpoints::update)
                .delete(WebhooksWrite, endpoints::delete),
        )
        .route(
            "/webhook-endpoints/{endpoint_id}/client-certificate",
            put(WebhooksWrite, certificate::put).delete(WebhooksWrite, certificate::delete),
        )
        .route("/webhook-endpoints/{endpoint_id}/counts", get(WebhooksRead, actions::counts))
        .route("/webhook-endpoints/{endpoint_id}/enable", post(WebhooksWrite, actions::enable))
        .route("/webhook-endpoints/{endpoint_id}/disable", post(WebhooksWrite, actions::disable))
        .route("/webhook-endpoints/{endpoint_id}/rotate", post(WebhooksWrite, actions::rotate))
        .route("/webhook-endpoints/{endpoint_id}/test", post(WebhooksWrite, actions::test))
        .route("/webhook-endpoints/{endpoint_id}/resend", post(WebhooksWrite, actions::resend))
        .route("/webhook-deliveries", get(may_lag(WebhooksRead), deliveries::list))
        .route("/webhook-deliveries/{delivery_id}", get(WebhooksRead, deliveries::get))
        .route("/webhook-deliveries/{delivery_id}/resend", post(WebhooksWrite, deliveries::resend))
        .route("/event-types", get(WebhooksRead, event_types::list))
}

#[cfg(test)]
#[path = "router_tests.rs"]
mod tests;
