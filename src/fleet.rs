//! A worker inside this process, and a way to start executions for it.

use std::sync::Arc;

use anyhow::Context;
use capstan_api::starter::{StartError, Starter};
use capstan_domain::approvals::Desk;
use capstan_domain::calls::CallDesk;
use capstan_domain::credentials::Vault;
use capstan_domain::secrets::KeyRing;
use capstan_domain::{events, leads, notifications, records};
use capstan_engine::core::ids::{ExecutionId, NodeId, WorkspaceId};
use capstan_engine::store::connect::Place;
use capstan_engine::store::start::{Start, Started};
use capstan_node_types::registry::Registry;
use capstan_node_types::services::mail::MailSettings;
use capstan_node_types::services::{ServiceSettings, Services};
use capstan_worker::{Cells, Outfit, Worker, WorkerSettings};
use serde_json::Value;

use crate::config::{FleetArgs, ServiceArgs};
use crate::mailbox::SandboxMailbox;
use crate::publish::Published;

/// Where `serve` listens if no setting says otherwise.
const PUBLIC_URL: &str = "http://127.0.0.1:7400";

/// What nodes may reach beyond the settings: the demo services of a pack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    /// Allowed private destinations.
    pub(crate) allow: Vec<String>,
    /// Mail server, where the settings have none.
    pub(crate) smtp: Option<String>,
    /// Where people reach the API, where the settings do not say.
    pub(crate) url: Option<String>,
}

/// The services of a worker of the cell at `place`.
pub(crate) fn services(
    args: &ServiceArgs,
    reach: Reach,
    place: &Place,
    keys: &Arc<KeyRing>,
) -> anyhow::Result<Arc<Services>> {
    let mut allow = args.allowed();
    allow.extend(reach.allow);
    let smtp = args.smtp().map(str::to_owned).or(reach.smtp);
    let server = smtp.map(|url| url.parse()).transpose().context("CAPSTAN_SMTP_URL is no URL")?;
    let mail = MailSettings { server, from: args.mail_server.mail_from.clone(), sandbox: false };
    let mailbox = Arc::new(SandboxMailbox::new(place));
    let approvals = Arc::new(Desk::new(place));
    let events = Arc::new(events::Desk::new(place));
    let leads = Arc::new(leads::Desk::new(place));
    let records = Arc::new(records::Desk::new(place));
    let notices = Arc::new(notifications::Desk::new(place));
    let calls = Arc::new(CallDesk::new(place));
    let quotas = Arc::new(calls.till());
    let credentials = Arc::new(Vault::new(place, Arc::clone(keys)));
    let public_url = args.public_url().map(str::to_owned).or(reach.url).unwrap_or_else(|| PUBLIC_URL.into());
    Ok(Arc::new(Services::new(ServiceSettings {
        allow,
        mail,
        mailbox,
        approvals,
        events,
        leads,
        records,
        notices,
        calls,
        quotas,
        credentials,
        public_url,
    })?))
}

/// Starts a worker of the cell at `place`.
pub(crate) async fn worker(
    place: &Place,
    registry: &Arc<Registry>,
    services: Arc<Services>,
    args: &FleetArgs,
    keys: Arc<KeyRing>,
) -> anyhow::Result<Worker> {
    let settings = WorkerSettings { keys, ..args.settings() };
    Worker::start(place.clone(), Arc::clone(registry), services, settings).await.context("the worker did not start")
}

/// Serves dedicated cells that have something to do, unless the settings say that this process serves none. `control` is a place in
/// the fleet's own database.
pub(crate) fn cells(
    control: &Place,
    registry: &Arc<Registry>,
    services: &ServiceArgs,
    reach: Reach,
    args: &FleetArgs,
    keys: Arc<KeyRing>,
) -> Option<Cells> {
    let settings = args.cells();
    if settings.cells_max == 0 {
        return None;
    }
    let (wanted, of) = (services.clone(), Arc::clone(&keys));
    let outfit = Outfit {
        registry: Arc::clone(registry),
        services: Arc::new(move |place: &Place| Ok(self::services(&wanted, reach.clone(), place, &of)?)),
        worker: WorkerSettings { keys, ..args.cell_settings() },
    };
    Some(Cells::start(control.clone(), outfit, settings))
}

/// Finishes or gives back what runs, in the home cell and in dedicated ones at the same time.
pub(crate) async fn drain(worker: Worker, cells: Option<Cells>) {
    let cells = async {
        if let Some(cells) = cells {
            cells.drain().await;
        }
    };
    tokio::join!(worker.drain(), cells);
}

/// Starts one execution of a version.
pub(crate) async fn start(
    starter: &Starter,
    workspace_id: WorkspaceId,
    published: &Published,
    trigger: NodeId,
    input: Value,
    timeout_ms: Option<u64>,
) -> anyhow::Result<ExecutionId> {
    let execution_id = ExecutionId::new();
    let start = Start {
        execution_id,
        workspace_id,
        workflow_id: published.workflow_id,
        version_id: published.version_id,
        trigger,
        input,
        timeout_ms,
        idempotency_key: None,
        trace: None,
        vt: 0,
    };
    match starter.start(start).await.map_err(|error: StartError| anyhow::Error::new(error))? {
        Started::New(id) | Started::Replayed(id) => Ok(id),
        Started::Conflict => anyhow::bail!("the execution was not started: its key was used before"),
    }
}
