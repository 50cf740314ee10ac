//! The raw loop on our own tables: claim and commit as a worker does, with entries made beforehand and no engine.
//!
//! It splits the distance to the raw loop into what the schema costs and what the engine costs.

use std::time::Instant;

use anyhow::{bail, ensure};
use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkspaceId};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::store::children::Family;
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::workers::register;
use futures::future::try_join_all;
use sqlx::PgConnection;

use super::cell::{Cell, STEPS, result};
use super::limit::{BATCH, CONNECTIONS, Variant};

/// Drains a backlog of `executions` of three steps; answers executions per second.
pub(crate) async fn drain(cell: &Cell, variant: Variant, executions: usize) -> anyhow::Result<f64> {
    let lanes = (0..CONNECTIONS).map(|lane| async move {
        let mut connection = cell.place.connect(Role::Worker).await?;
        let worker_no = register(&mut connection, &format!("bench {lane}")).await?.worker_no;
        anyhow::Ok(Lane { connection, worker_no, variant, bound: NO_BOUND })
    });
    let mut lanes = try_join_all(lanes).await?;
    let begun = Instant::now();
    let done: usize = try_join_all(lanes.iter_mut().map(Lane::work_off)).await?.into_iter().sum();
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    ensure!(done == executions, "the loop on our own tables lost work: {done} of {executions}");
    cell.ensure_done(&mut cell.owner().await?, executions, STEPS * executions).await?;
    Ok(rate)
}

/// One connection and the worker that it claims for.
struct Lane {
    connection: PgConnection,
    worker_no: i32,
    variant: Variant,
    /// Tokens before it are claimed, or locked by a lane that claims them.
    bound: i64,
}

impl Lane {
    async fn work_off(&mut self) -> anyhow::Result<usize> {
        let mut done = 0;
        loop {
            let batch = i32::try_from(BATCH)?;
            let claimed = claim(&mut self.connection, self.worker_no, batch, self.bound, false).await?;
            if claimed.is_empty() {
                return Ok(done);
            }
            self.bound = claimed.iter().map(|claimed| claimed.vt).min().unwrap_or(self.bound);
            done += claimed.len();
            match self.variant {
                Variant::Steps => {
                    for step in 0..STEPS {
                        self.commit(&claimed, step..step + 1).await?;
                    }
                }
                Variant::Fused => self.commit(&claimed, 0..STEPS).await?,
            }
        }
    }

    /// Commits these steps of all executions; with the last step they end.
    async fn commit(&mut self, claimed: &[Claimed], steps: std::ops::Range<usize>) -> anyhow::Result<()> {
        let commits: Vec<Commit> = claimed.iter().map(|claimed| commit_of(claimed, steps.clone())).collect();
        let commits: Vec<&Commit> = commits.iter().collect();
        match commit(&mut self.connection, self.worker_no, &commits).await? {
            Reply::Written(_) => Ok(()),
            Reply::Lost(lost) => bail!("the loop on our own tables lost {} leases", lost.len()),
        }
    }
}

fn commit_of(claimed: &Claimed, steps: std::ops::Range<usize>) -> Commit {
    let end = Then::End { status: "completed", output: Some(result().to_string()), error: None, leftovers: false };
    Commit {
        execution_id: ExecutionId(claimed.execution_id),
        workspace_id: WorkspaceId(claimed.workspace_id),
        lease_no: claimed.lease_no,
        position: u32::try_from(steps.start + 1).unwrap_or(u32::MAX),
        then: if steps.end == STEPS { end } else { Then::Hold },
        rows: steps.map(|step| Row::of(&settled(claimed, step))).collect(),
        usage: Vec::new(),
        family: Family::default(),
        leaves: false,
        dropped: Vec::new(),
        bytes: 0,
    }
}

fn settled(claimed: &Claimed, step: usize) -> Entry {
    let settlement = Settlement {
        status: SettledStatus::Completed,
        port: Some("out".into()),
        output: result(),
        error: None,
        attempts: 1,
        closed_edges: Vec::new(),
        failed_items: 0,
        more_ports: Vec::new(),
    };
    let step = StepKey::root(NodeId::from(format!("step_{}", step + 1).as_str()));
    Entry { at: claimed.claimed_at, event: Event::Settled { step, settlement } }
}
