//! Changes whose records tell of no values. Whoever adds a route that may change something either has its handler tell how the thing
//! differs, or lists it here: a test looks.

/// Why, and which routes below `/api/v1`.
pub const SILENT: [(&str, &[&str]); 13] = [
    (
        "They start executions, or make a time due; these are facts of their own, with their input and who started them.",
        &[
            "POST /executions",
            "POST /schedules/{schedule_id}/backfill",
            "POST /schedules/{schedule_id}/fire",
            "POST /workflows/{workflow_id}/draft/run",
            "POST /workflows/{workflow_id}/draft/test-step",
        ],
    ),
    ("Events are facts of their own, and too many.", &["POST /events", "POST /events/batch"]),
    (
        "What is done to an execution is in its journal, from where its states come.",
        &[
            "POST /executions/{execution_id}/approvals/{node_id}",
            "POST /executions/{execution_id}/cancel",
            "POST /executions/{execution_id}/migrate",
            "POST /executions/{execution_id}/pause",
            "POST /executions/{execution_id}/resolve",
            "POST /executions/{execution_id}/restart",
            "POST /executions/{execution_id}/resume",
            "POST /executions/{execution_id}/retry-now",
            "POST /executions/{execution_id}/signals/{name}",
        ],
    ),
    (
        "A job tells what it was asked for, and what it did to each thing.",
        &[
            "POST /bulk-jobs",
            "POST /bulk-jobs/{job_id}/cancel",
            "POST /operations/{operation_id}/retry",
            "POST /person-jobs",
            "POST /platform/tenants",
            "POST /workspaces",
        ],
    ),
    (
        "Workspaces are moved in `control`; their cell is told of each move afterwards, with the states before and after.",
        &[
            "POST /platform/tenants/{workspace_id}/archive",
            "POST /platform/tenants/{workspace_id}/resume",
            "POST /platform/tenants/{workspace_id}/suspend",
        ],
    ),
    (
        "They are settings of the platform, which belong to no workspace. Whom they give another plan is told of that in its own log.",
        &[
            "DELETE /platform/billing/prices/{price}",
            "PUT /platform/billing/prices/{price}",
            "PUT /platform/tenants/{workspace_id}/billing/customer",
        ],
    ),
    (
        "Changes of the platform have a log of their own, with what differs: `GET /platform/audit`. A workspace whose pages change is \
         told of that in its own log.",
        &[
            "DELETE /platform/settings/{name}",
            "PUT /platform/settings/{name}",
            "PUT /platform/tenants/{workspace_id}/pages",
        ],
    ),
    (
        "They belong to the platform and to no workspace; who changed or checked one, when and from where is kept with them.",
        &[
            "DELETE /platform/database-servers/{server_id}",
            "POST /platform/database-servers",
            "POST /platform/database-servers/{server_id}/check",
            "PUT /platform/database-servers/{server_id}",
        ],
    ),
    (
        "It asks a provider whether the credential is good; what is kept of it is when, and what came of it.",
        &["POST /credentials/{credential_id}/test"],
    ),
    (
        "They send something once more, which is a delivery of its own.",
        &[
            "POST /webhook-deliveries/{delivery_id}/resend",
            "POST /webhook-endpoints/{endpoint_id}/resend",
            "POST /webhook-endpoints/{endpoint_id}/test",
        ],
    ),
    (
        "What is listened for ends within minutes, and changes nothing that lasts.",
        &["DELETE /workflows/{workflow_id}/hooks/listen/{listen_id}", "POST /workflows/{workflow_id}/hooks/listen"],
    ),
    (
        "A note is a row of the history of its lead or record, where the person can be erased.",
        &["POST /leads/{lead_id}/events", "POST /records/{record_id}/history"],
    ),
    (
        "It is about a person's own account or session, which belongs to no workspace; who joins one is told by `POST /invitations/accept`.",
        &[
            "DELETE /identities/{identity_id}",
            "DELETE /session",
            "DELETE /sessions",
            "DELETE /sessions/{session_id}",
            "POST /mail-links/look",
            "POST /notifications/read",
            "POST /password/forgot",
            "POST /password/reset",
            "POST /session",
            "POST /sign-up",
            "POST /sign-up/complete",
            "POST /tokens",
            "PUT /me",
            "PUT /me/password",
            "PUT /notification-preferences/{kind}",
        ],
    ),
];
