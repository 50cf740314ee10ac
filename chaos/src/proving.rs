//! The ground of a proof: a fresh database, one workspace, an API process, the outside world.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::api::Api;
use crate::crew::{Crew, Recipe};
use crate::database::{Database, Door};
use crate::process::Process;
use crate::remains::{Folder, own_folder};
use crate::site::Site;

/// Clients that start executions side by side.
const CLIENTS: usize = 48;
/// How the names of the folders begin in which workers note what they run.
const BLACK_BOXES: &str = "capstan-chaos-boxes-";

/// A cell of its own for each measurement.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) api: Api,
    pub(crate) door: Door,
    pub(crate) site: Site,
    server: Process,
    recipe: Recipe,
    _database: Database,
    _black_boxes: Folder,
}

impl Ground {
    /// Sets up as an operator does it; workers will have so many slots.
    pub(crate) async fn set(binary: PathBuf, slots: usize) -> anyhow::Result<Self> {
        let (database, site) = (Database::start(None)?, Site::start(Ipv4Addr::LOCALHOST).await?);
        let mut env = vec![("DATABASE_URL", database.url.clone()), ("CAPSTAN_ALLOW_CRASH", "true".into())];
        Process::result(&binary, &["migrate"], &env).await?;
        Process::result(&binary, &["workspace", "create", "acme"], &env).await?;
        let key = Process::result(&binary, &["key", "create", "--workspace", "acme"], &env).await?;
        env.push(("CAPSTAN_LISTEN", "127.0.0.1:0".into()));
        let mut server = Process::spawn(&binary, &["serve"], &env)?;
        let ready = server.ready().await.context("serve failed")?;
        let url = ready["url"].as_str().context("no url")?;
        let api = Api::new(url, key["key"].as_str().context("no key")?, Arc::default())?;
        env.push(("CAPSTAN_ALLOW_PRIVATE", site.address.to_string()));
        env.push(("CAPSTAN_SLOTS", slots.to_string()));
        let black_boxes = own_folder(BLACK_BOXES)?;
        env.push(("CAPSTAN_BLACK_BOXES", black_boxes.path().display().to_string()));
        let (door, recipe) = (database.door()?, Recipe { binary, env });
        Ok(Self { api, door, site, server, recipe, _database: database, _black_boxes: black_boxes })
    }

    /// Starts an execution of each workflow with its input, in about that order; answers their ids in that order.
    pub(crate) async fn start_all(&self, starts: Vec<(Uuid, Value)>) -> anyhow::Result<Vec<Uuid>> {
        let (count, starts) = (starts.len(), Arc::new(starts));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (api, starts) = (self.api.clone(), Arc::clone(&starts));
            clients.spawn(async move {
                let mut started = Vec::new();
                for nth in (client..starts.len()).step_by(CLIENTS) {
                    let (workflow, input) = &starts[nth];
                    started.push((nth, start(&api, *workflow, nth, input).await?));
                }
                anyhow::Ok(started)
            });
        }
        let mut ids = vec![Uuid::nil(); count];
        while let Some(started) = clients.join_next().await {
            for (nth, id) in started?? {
                ids[nth] = id;
            }
        }
        Ok(ids)
    }

    /// Starts the workers.
    pub(crate) async fn crew(&self, count: usize) -> anyhow::Result<Crew> {
        Crew::start(&self.recipe, count).await
    }

    /// Ends the API process.
    pub(crate) async fn leave(mut self) -> anyhow::Result<()> {
        self.server.end().await
    }
}

async fn start(api: &Api, workflow: Uuid, nth: usize, input: &Value) -> anyhow::Result<Uuid> {
    let answer = api.start(workflow, &format!("{workflow}-{nth}"), input).await?;
    anyhow::ensure!(answer.status == StatusCode::ACCEPTED, "a start was answered {}: {}", answer.status, answer.body);
    Ok(answer.body["id"].as_str().context("a start without an id")?.parse()?)
}
