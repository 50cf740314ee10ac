//! Everything that a run works with: database, API, workers, effect server, workspaces with graphs.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use reqwest::StatusCode;
use uuid::Uuid;

use crate::api::Api;
use crate::clock::WrongClock;
use crate::database::{Database, Door};
use crate::disk::Disk;
use crate::facts::Facts;
use crate::fleet::Fleet;
use crate::graphs::{CALLED, called, graph, talking};
use crate::ledger::Ledger;
use crate::load::{Load, Workflow};
use crate::network::Network;
use crate::observer::Observer;
use crate::process::Process;
use crate::program::Program;
use crate::secrets::{self, Secret};
use crate::server::Server;
use crate::settings::Settings;
use crate::site::Site;
use crate::toxic::toxic_graph;
use crate::trace::Records;

/// Ports for the API, and how far apart runs begin to look for theirs.
const PORTS: Range<u16> = 20_000..30_000;
const PORTS_APART: u32 = 9_000;
/// The same for the runs of one process.
const RUNS_APART: u32 = 100;
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Workers that are in networks of their own.
const CUT_OFF_MAX: usize = 2;

/// A run's surroundings.
pub(crate) struct Stage {
    pub(crate) database: Database,
    pub(crate) door: Door,
    pub(crate) fleet: Fleet,
    pub(crate) server: Server,
    pub(crate) site: Site,
    /// Dropped after those who are in it.
    _network: Network,
    pub(crate) observer: Observer,
    pub(crate) load: Load,
    workspaces: Vec<(Uuid, Api)>,
    /// Keys of clients.
    secrets: Arc<Vec<Secret>>,
    records: Records,
}

impl Stage {
    /// Sets up as an operator does it, by commands and by the API.
    pub(crate) async fn set(settings: &Settings) -> anyhow::Result<Self> {
        let (rates, means) = (settings.rates, settings.means);
        let wants_disk = rates.full_disks > 0.0 && means.no_disk.is_none();
        let disk = wants_disk.then(Disk::mount).transpose()?;
        let (binary, database) = (&settings.binary, Database::start(disk)?);
        let wants_network = rates.partitions > 0.0 && means.no_network.is_none();
        let network = Network::lay(if wants_network { CUT_OFF_MAX } else { 0 })?;
        let wants_clock = rates.clocks > 0.0 && means.no_clock.is_none();
        let wrong_clock = wants_clock.then(WrongClock::build).transpose()?;
        // Every address at this end is reached from within all networks.
        let host = network.wires().first().map_or(Ipv4Addr::LOCALHOST, |wire| wire.here);
        let site = Site::start(host).await?;
        let env = [("DATABASE_URL", database.url.clone())];
        Process::result(binary, &["migrate"], &env).await?;
        database.make_login().await?;
        let door = database.door()?;
        if let Some(bug) = settings.bug {
            bug.plant(&mut door.enter().await?).await?;
        }
        let mut keys = Vec::new();
        for nth in 0..settings.workspaces {
            let slug = format!("tenant-{nth}");
            let workspace = Process::result(binary, &["workspace", "create", &slug], &env).await?;
            let key = Process::result(binary, &["key", "create", "--workspace", &slug], &env).await?;
            let id: Uuid = workspace["workspace_id"].as_str().context("no workspace_id")?.parse()?;
            keys.push((id, key["key"].as_str().context("no key")?.to_owned()));
        }
        let records = Records::new(settings.bug.is_none())?;
        let program = Program::of(settings, &records);
        let listen = free_address()?;
        let (server, url) =
            (Server::start(program.clone(), &database.login_url(), &listen).await?, format!("http://{listen}"));
        let secrets: Vec<Secret> = keys.iter().map(|(_, key)| Secret::text("a client's key", key)).collect();
        let secrets = Arc::new(secrets);
        let api = |(id, key): (Uuid, String)| anyhow::Ok((id, Api::new(&url, &key, Arc::clone(&secrets))?));
        let workspaces = keys.into_iter().map(api).collect::<anyhow::Result<Vec<_>>>()?;
        let workflows = publish(settings, &site.url(), &workspaces).await?;
        let fleet =
            Fleet::start(program, &database, &network, wrong_clock, &site.address.to_string(), settings).await?;
        let observer = Observer::start(door.clone());
        let load = Load {
            workflows: Arc::new(workflows),
            ledger: Arc::new(Ledger::default()),
            talks: settings.talking > 0,
            unended: observer.unended.clone(),
        };
        Ok(Self {
            database,
            door,
            fleet,
            server,
            site,
            observer,
            load,
            workspaces,
            secrets,
            records,
            _network: network,
        })
    }

    /// Ends everything but the database, and gathers all facts but those about faults.
    pub(crate) async fn strike(self) -> anyhow::Result<Facts> {
        let mut facts = Facts {
            workspaces: self.workspaces.iter().map(|(id, _)| *id).collect(),
            workflows: self.load.workflows.iter().map(|it| (it.workspace, it.spec.clone())).collect(),
            starts: self.load.ledger.starts(),
            ..Facts::default()
        };
        let looks = looks_across(&self.workspaces, &self.load, &facts).await?;
        self.fleet.end().await?;
        self.server.end().await?;
        facts.calls = self.site.calls();
        facts.seen = self.observer.end();
        let mut connection = self.door.enter().await?;
        crate::read::tables(&mut connection, &mut facts).await?;
        // The model knows nobody who leaves a signal to a person.
        let quiet = facts.leftovers.is_empty() && !crate::read::has_signals(&mut connection).await?;
        let secrets = secrets::with_link_keys(&mut connection, &self.secrets, self.load.talks).await?;
        let known = facts.starts.first().map_or("", |start| &start.tag);
        facts.leaks = secrets::in_tables(&mut connection, &secrets, known).await?;
        facts.leaks.extend(self.records.leaks(&secrets)?);
        facts.leaks.extend(self.workspaces.iter().filter_map(|(_, api)| api.leaks()));
        crate::family::adopt(&mut facts);
        facts.crossings.extend(looks);
        facts.replay = self.records.replay(quiet)?;
        Ok(facts)
    }
}

/// An address that a process can listen at again after another one: its port is none that the system gives to whoever
/// wants any.
fn free_address() -> anyhow::Result<String> {
    let runs_before = RUNS.fetch_add(1, Ordering::Relaxed);
    let from = PORTS.start + ((std::process::id() + runs_before * RUNS_APART) % PORTS_APART) as u16;
    let free = (from..PORTS.end).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    Ok(format!("127.0.0.1:{}", free.context("no port is free")?))
}

async fn publish(settings: &Settings, site: &str, workspaces: &[(Uuid, Api)]) -> anyhow::Result<Vec<Workflow>> {
    let mut workflows = Vec::new();
    for (workspace, (_, api)) in workspaces.iter().enumerate() {
        for _ in 0..settings.workflows {
            let spec = graph(settings.seed, workflows.len() as u64, site);
            let id = api.publish(&format!("graph {}", workflows.len()), &spec.document).await?;
            workflows.push(Workflow { api: api.clone(), workspace, id, spec });
        }
    }
    for (workspace, (_, api)) in workspaces.iter().enumerate().filter(|_| settings.talking > 0) {
        let called = CALLED.iter().enumerate().map(|(nth, name)| ((*name).to_owned(), called(nth, site)));
        let first = workspace * settings.talking;
        let talking = (first..first + settings.talking)
            .map(|nth| (format!("talking {nth}"), talking(settings.seed, nth as u64, site)));
        for (name, spec) in called.chain(talking) {
            let id = api.publish(&name, &spec.document).await?;
            workflows.push(Workflow { api: api.clone(), workspace, id, spec });
        }
    }
    // Published by the first tenant.
    for how in if settings.rates.poison > 0.0 { settings.ways() } else { &[] } {
        let (spec, (_, api)) = (toxic_graph(how, site), &workspaces[0]);
        let id = api.publish(how, &spec.document).await?;
        workflows.push(Workflow { api: api.clone(), workspace: 0, id, spec });
    }
    Ok(workflows)
}

/// Each workspace looks at one of its own executions and at one of the next workspace.
async fn looks_across(workspaces: &[(Uuid, Api)], load: &Load, facts: &Facts) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (nth, (id, api)) in workspaces.iter().enumerate() {
        for (owner, wanted) in [(nth, StatusCode::OK), ((nth + 1) % workspaces.len(), StatusCode::NOT_FOUND)] {
            let of_owner = facts.starts.iter().find(|start| load.workflows[start.workflow].workspace == owner);
            let Some(execution) = of_owner.and_then(|start| start.acknowledged.first()) else { continue };
            let status = api.look(*execution).await?;
            if status != wanted && workspaces.len() > 1 {
                found.push(format!("{id} looked at an execution of workspace {owner} and was answered {status}"));
            }
        }
    }
    Ok(found)
}
