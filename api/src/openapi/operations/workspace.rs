//! The workspace: who asks, node types, events, limits, pauses.

use serde_json::{Map, Value};

use super::super::operation::{Operation, op};
use super::super::shapes::{BillingView, Health, Items, Me, NodeType, Readiness, Resumed, TakenEvents};
use crate::openapi;
use crate::paging::Page;
use crate::routes::{billing, custom_events, health, limits, me, node_types, pauses, stream};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(openapi::show, "getOpenApi", "This document")
            .header("IfNoneMatch")
            .tells("ETag")
            .gives::<Map<String, Value>>(200)
            .gives_nothing(304),
        op(health::healthz, "getHealth", "Whether the process and its database answer; also at `/healthz`")
            .gives::<Health>(200),
        op(
            health::readyz,
            "getReadiness",
            "Whether the process takes requests, and is not about to stop; also at `/readyz`",
        )
        .gives::<Readiness>(200),
        op(me::show, "getMe", "Who the request comes from, and what it may do").gives::<Me>(200),
        op(stream::listen, "followWorkspace", "What changes in the workspace, live").streams(),
        op(node_types::list, "listNodeTypes", "The palette: every node type with its schema")
            .gives::<Items<NodeType>>(200),
        op(custom_events::create, "sendEvent", "Send a custom event; the same id is taken in once")
            .takes::<custom_events::EventBody>()
            .tells("IdempotentReplayed")
            .gives::<custom_events::EventView>(202)
            .refuses(&[429]),
        op(custom_events::create_batch, "sendEvents", "Send many of them, all or none")
            .takes::<custom_events::Batch>()
            .gives::<TakenEvents>(202)
            .refuses(&[429]),
        op(limits::list, "listLimits", "Limits on how many executions are at work, and how many are")
            .gives::<Items<limits::LimitView>>(200),
        op(limits::set_of_workspace, "setWorkspaceLimit", "How many executions of the workspace are at work at a time")
            .takes::<limits::Wish>()
            .gives_nothing(204),
        op(limits::remove_of_workspace, "removeWorkspaceLimit", "Have no such limit").gives_nothing(204),
        op(billing::show, "getBilling", "What the provider of payments says of the workspace")
            .gives::<BillingView>(200),
        op(pauses::list, "listPauses", "What is paused, by whom, why and since when")
            .query::<pauses::ListQuery>()
            .gives::<Page<pauses::PauseView>>(200),
        op(pauses::pause_all, "pauseWorkspace", "Hold up all executions of the workspace")
            .may_take::<pauses::Wish>()
            .gives::<pauses::PauseView>(200),
        op(pauses::resume_all, "resumeWorkspace", "Have them go on; workflows that were paused by themselves stay so")
            .may_take::<pauses::Wish>()
            .gives::<Resumed>(200),
    ]
}
