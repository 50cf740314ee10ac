//! A worker without code: what its steps come to is what the test says.

use capstan_engine::core::ids::{ExecutionId, NodeId, StepKey, WorkspaceId};
use capstan_engine::core::journal::{Entry, Event, SettledStatus, Settlement};
use capstan_engine::store::activations::Taken;
use capstan_engine::store::children::Family;
use capstan_engine::store::claim::{Claimed, NO_BOUND, claim};
use capstan_engine::store::codec::Row;
use capstan_engine::store::commit::{Commit, Reply, Then, commit};
use capstan_engine::store::connect::Role;
use capstan_engine::store::workers::register;
use chrono::Utc;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::support::App;

/// Looks for an execution to claim: each is a round trip.
const LOOKS_MAX: usize = 100_000;

/// A worker that does by hand what the test says, with one execution.
pub(crate) struct Hand {
    connection: PgConnection,
    pub(crate) worker_no: i32,
    claimed: Claimed,
    /// Of its next entry.
    pub(crate) position: u32,
    /// Whether it says with its next entry who it is, as workers do with their first.
    pub(crate) says: bool,
}

impl Hand {
    /// Waits for an execution and claims it.
    pub(crate) async fn claim(app: &App) -> Self {
        let mut connection = app.cell.connect(Role::Worker).await.unwrap();
        let worker_no = register(&mut connection, "hand").await.unwrap().worker_no;
        for _ in 0..LOOKS_MAX {
            if let Some(claimed) = claim(&mut connection, worker_no, 1, NO_BOUND, false).await.unwrap().pop() {
                return Self { connection, worker_no, claimed, position: 1, says: true };
            }
        }
        panic!("nothing was started");
    }

    pub(crate) async fn settle(&mut self, node: &str, then: Then) {
        self.settle_with(node, json!({ "from": node }), then).await;
    }

    pub(crate) async fn settle_with(&mut self, node: &str, output: Value, then: Then) {
        let settlement = Settlement {
            status: SettledStatus::Completed,
            port: Some("out".into()),
            output,
            error: None,
            attempts: 1,
            closed_edges: Vec::new(),
            failed_items: 0,
            more_ports: Vec::new(),
        };
        self.record(Event::Settled { step: StepKey::root(NodeId::from(node)), settlement }, then).await;
    }

    /// Has the journal say so, now.
    pub(crate) async fn record(&mut self, event: Event, then: Then) {
        let mut row = Row::of(&Entry { at: Utc::now(), event });
        if std::mem::take(&mut self.says) {
            let (worker_no, at) = (self.worker_no, self.claimed.claimed_at);
            row.say_taken(&Taken { worker: "hand", worker_no, at });
        }
        let this = Commit {
            execution_id: ExecutionId(self.claimed.execution_id),
            workspace_id: WorkspaceId(self.claimed.workspace_id),
            lease_no: self.claimed.lease_no,
            position: self.position,
            rows: vec![row],
            usage: Vec::new(),
            leaves: false,
            family: Family::default(),
            dropped: Vec::new(),
            bytes: 0,
            then,
        };
        self.position += 1;
        assert!(matches!(commit(&mut self.connection, self.worker_no, &[&this]).await.unwrap(), Reply::Written(_)));
    }
}

pub(crate) fn completed() -> Then {
    Then::End { status: "completed", output: None, error: None, leftovers: false }
}
