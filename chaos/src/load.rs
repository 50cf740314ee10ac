//! Clients that start executions and send signals, repeat themselves, and now and then make a mistake.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use reqwest::StatusCode;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

use crate::api::{Answer, Api};
use crate::dice::Dice;
use crate::graphs::{GraphSpec, Kind, VARIANTS};
use crate::ledger::{Cancel, Ledger, Start};
use crate::settings::Settings;
use crate::talk::Talk;
use crate::toxic::TOXIC;

/// The stream of draws of the first client; the others follow.
const STREAM: u64 = 100;
/// Of a hundred starts, so many are sent twice at once, and so many are followed by a misuse of their key.
const TWICE_PERCENT: u64 = 10;
const MISUSED_PERCENT: u64 = 4;
/// Longest time from a start to its signal.
const SIGNAL_AFTER_MS_MAX: u64 = 1_500;
/// Of a hundred executions that are not calm, so many are cancelled; of a hundred of these, so many with force.
const CANCELLED_PERCENT: u64 = 4;
const FORCED_PERCENT: u64 = 25;
/// Longest time from a start to its cancel.
const CANCEL_AFTER_MS_MAX: u64 = 2_500;

/// A published graph of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    pub(crate) api: Api,
    pub(crate) workspace: usize,
    pub(crate) id: Uuid,
    pub(crate) spec: GraphSpec,
}

/// Clients of a run.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) workflows: Arc<Vec<Workflow>>,
    pub(crate) ledger: Arc<Ledger>,
    /// Whether clients wait for answers, and hold executions up.
    pub(crate) talks: bool,
    /// Executions that have not ended, as the observer counts them.
    pub(crate) unended: watch::Receiver<i64>,
}

impl Load {
    /// Starts every workflow once with every variant; signals included.
    pub(crate) async fn once_each(&self, prefix: &str, calm: bool) -> anyhow::Result<()> {
        let mut tasks = JoinSet::new();
        for workflow in 0..self.workflows.len() {
            for variant in 0..VARIANTS {
                let (load, tag) = (self.clone(), format!("{prefix}-{workflow}-{variant}"));
                let mut dice = Dice::new(STREAM, (workflow as u64) << 8 | variant);
                tasks.spawn(async move { load.one(workflow, variant, tag, calm, &mut dice).await.map(drop) });
            }
        }
        all(tasks).await
    }

    /// Starts executions until told to stop; ends when all that was sent has been answered.
    pub(crate) async fn run(self, settings: Settings, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let mut clients = JoinSet::new();
        for client in 0..settings.clients {
            clients.spawn(self.clone().client(client, settings.clone(), stop.clone()));
        }
        all(clients).await
    }

    async fn client(self, client: usize, settings: Settings, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let mut dice = Dice::new(settings.seed, STREAM + client as u64);
        let mut executions = JoinSet::new();
        for nth in 0_u64.. {
            sleep(Duration::from_millis(dice.between(1, 2 * settings.pause_ms))).await;
            if *stop.borrow() {
                break;
            }
            let (workflow, variant) = (dice.below(self.workflows.len() as u64) as usize, dice.below(VARIANTS));
            let mut own = Dice::new(dice.draw(), nth);
            if *self.unended.borrow() >= settings.unended_max {
                continue;
            }
            let (load, tag) = (self.clone(), format!("c{client}-{nth}"));
            executions.spawn(async move { load.one(workflow, variant, tag, false, &mut own).await.map(drop) });
            while let Some(done) = executions.try_join_next() {
                done??;
            }
        }
        all(executions).await
    }

    /// Starts an execution of the graph with that way to end workers.
    pub(crate) async fn poison(&self, way: usize, seed: u64) -> anyhow::Result<Uuid> {
        let toxic = |workflow: &Workflow| workflow.spec.nodes.iter().any(|node| node.kind == Kind::Crash);
        let mut all = self.workflows.iter().enumerate().filter(|(_, workflow)| toxic(workflow));
        let (workflow, _) = all.nth(way).context("there is no such graph")?;
        self.one(workflow, TOXIC, format!("poison-{seed}"), false, &mut Dice::new(seed, STREAM)).await
    }

    /// One execution as its client sees it.
    async fn one(
        &self,
        workflow: usize,
        variant: u64,
        tag: String,
        calm: bool,
        dice: &mut Dice,
    ) -> anyhow::Result<Uuid> {
        let Workflow { api, id, spec, .. } = &self.workflows[workflow];
        let input = json!({ "tag": tag, "variant": variant });
        let mut talk = Talk::new(api, spec, &tag, dice.clone(), self.talks && variant != TOXIC);
        talk.early().await?;
        let mut answers = Vec::new();
        if let Some(wait) = talk.wait() {
            answers.push(api.start_and_wait(*id, &tag, &input, wait).await?);
        } else if dice.chance(TWICE_PERCENT) {
            let (first, second) = tokio::join!(api.start(*id, &tag, &input), api.start(*id, &tag, &input));
            answers.extend([first?, second?]);
        } else {
            answers.push(api.start(*id, &tag, &input).await?);
        }
        let acknowledged = answers.iter().map(acknowledged).collect::<anyhow::Result<Vec<Uuid>>>()?;
        let (at, execution) = (Utc::now(), acknowledged[0]);
        let misused = match dice.chance(MISUSED_PERCENT) {
            true => Some(api.start(*id, &tag, &json!({ "tag": tag, "variant": variant + 1 })).await?.status.as_u16()),
            false => None,
        };
        let cancel = draw_cancel(dice).filter(|_| !calm && variant != TOXIC);
        let told = answers.swap_remove(0);
        let told = (told.status == StatusCode::OK).then_some(told.body);
        self.ledger.start(Start { tag: tag.clone(), workflow, variant, calm, acknowledged, at, misused, cancel, told });
        if let Some(cancel) = cancel {
            sleep(Duration::from_millis(dice.below(CANCEL_AFTER_MS_MAX))).await;
            good(&api.cancel(execution, cancel == Cancel::Forced).await?, &format!("the cancel of {tag}"))?;
            return Ok(execution);
        }
        let (talked, signalled) =
            tokio::join!(talk.with(execution, calm), self.signal(workflow, execution, &tag, dice));
        talked.and(signalled)?;
        Ok(execution)
    }

    /// Sends what its steps wait for.
    async fn signal(&self, workflow: usize, execution: Uuid, tag: &str, dice: &mut Dice) -> anyhow::Result<()> {
        let Workflow { api, spec, .. } = &self.workflows[workflow];
        for signal in spec.signals() {
            sleep(Duration::from_millis(dice.below(SIGNAL_AFTER_MS_MAX))).await;
            let (key, payload) = (format!("{tag}-{signal}"), json!({ "tag": tag }));
            for _ in 0..if dice.chance(TWICE_PERCENT) { 2 } else { 1 } {
                let answer = api.signal(execution, signal, &key, &payload).await?;
                good(&answer, &format!("signal {key}"))?;
                self.ledger.signal();
            }
        }
        Ok(())
    }
}

fn acknowledged(answer: &Answer) -> anyhow::Result<Uuid> {
    anyhow::ensure!(
        [StatusCode::OK, StatusCode::ACCEPTED].contains(&answer.status),
        "a start was answered {}: {}",
        answer.status,
        answer.body
    );
    Ok(answer.body["id"].as_str().context("an acknowledged start has no id")?.parse()?)
}

/// It may have ended: the step that waits for a signal may be one that is skipped. One that is gone is for the check.
pub(crate) fn good(answer: &Answer, what: &str) -> anyhow::Result<()> {
    let good = [StatusCode::ACCEPTED, StatusCode::CONFLICT, StatusCode::NOT_FOUND].contains(&answer.status);
    anyhow::ensure!(good, "{what} was answered {}: {}", answer.status, answer.body);
    Ok(())
}

fn draw_cancel(dice: &mut Dice) -> Option<Cancel> {
    let forced = dice.chance(FORCED_PERCENT);
    dice.chance(CANCELLED_PERCENT).then_some(if forced { Cancel::Forced } else { Cancel::Gently })
}

async fn all(mut tasks: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
