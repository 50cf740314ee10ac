//! Everything that a run works with: database, API, workers, effect server, workspaces with graphs.

use std::sync::Arc;

use anyhow::Context;
use reqwest::StatusCode;
use uuid::Uuid;

use crate::api::Api;
use crate::database::{Database, Door};
use crate::facts::Facts;
use crate::fleet::Fleet;
use crate::graphs::graph;
use crate::ledger::Ledger;
use crate::load::{Load, Workflow};
use crate::observer::Observer;
use crate::process::Process;
use crate::settings::Settings;
use crate::site::Site;
use crate::trace::Records;

/// A run's surroundings.
pub(crate) struct Stage {
    pub(crate) database: Database,
    pub(crate) door: Door,
    pub(crate) fleet: Fleet,
    pub(crate) site: Site,
    pub(crate) observer: Observer,
    pub(crate) load: Load,
    workspaces: Vec<(Uuid, Api)>,
    server: Process,
    records: Records,
}

impl Stage {
    /// Sets up as an operator does it, by commands and by the API.
    pub(crate) async fn set(settings: &Settings) -> anyhow::Result<Self> {
        let (binary, database, site) = (&settings.binary, Database::start()?, Site::start().await?);
        let records = Records::new()?;
        let mut env = vec![("DATABASE_URL", database.url.clone()), records.env()];
        Process::result(binary, &["migrate"], &env).await?;
        let mut keys = Vec::new();
        for nth in 0..settings.workspaces {
            let slug = format!("tenant-{nth}");
            let workspace = Process::result(binary, &["workspace", "create", &slug], &env).await?;
            let key = Process::result(binary, &["key", "create", "--workspace", &slug], &env).await?;
            let id: Uuid = workspace["workspace_id"].as_str().context("no workspace_id")?.parse()?;
            keys.push((id, key["key"].as_str().context("no key")?.to_owned()));
        }
        env.push(("CAPSTAN_LISTEN", "127.0.0.1:0".into()));
        let server = Process::start(binary, &["serve"], &env).await?;
        let url = server.ready["url"].as_str().context("no url")?.to_owned();
        let workspaces =
            keys.into_iter().map(|(id, key)| Ok((id, Api::new(&url, &key)?))).collect::<anyhow::Result<Vec<_>>>()?;
        let workflows = publish(settings, &site.url(), &workspaces).await?;
        let env = [("CAPSTAN_ALLOW_PRIVATE", site.address.to_string()), records.env()];
        let fleet = Fleet::start(binary.clone(), &database, &env, settings.workers).await?;
        let door = database.door()?;
        let observer = Observer::start(door.clone());
        let load = Load {
            workflows: Arc::new(workflows),
            ledger: Arc::new(Ledger::default()),
            unended: observer.unended.clone(),
        };
        Ok(Self { database, door, fleet, site, observer, load, workspaces, server, records })
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
        // It gives back what it has not spent of quotas.
        self.server.end().await?;
        facts.calls = self.site.calls();
        facts.seen = self.observer.end();
        crate::read::tables(&mut self.door.enter().await?, &mut facts).await?;
        facts.crossings.extend(looks);
        facts.replay = self.records.replay(facts.leftovers.is_empty())?;
        Ok(facts)
    }
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
