//! One start of a trigger: the execution and the end of the row that asked for it, in one commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use capstan_domain::events::{self, Taken};
use capstan_domain::quotas::{EXECUTIONS, Till};
use capstan_domain::trigger_starts::{BEGIN_MAKING, DELETED, Key, TriggerStart, Verdict, lock, settle};
use capstan_engine::core::flow::{Flow, HoldWish, Meeting, Wish};
use capstan_engine::core::ids::{ExecutionId, NodeId, WorkspaceId};
use capstan_engine::core::trace::Trace;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::flow::{FlowStarted, Ruled, Verdict as Ruling, start_flow};
use capstan_engine::store::shares::Shares;
use capstan_engine::store::start::{Start, Started, start as start_plainly};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::side::Side;
use crate::worker::Engine;

/// Why nothing comes of a start whose key is taken by one with another input, such as before a change of the schedule.
const STARTED_BEFORE: &str = "it has started before, with what the schedule said then";

/// What starts spend, and which place in the queue they ask for.
pub(super) struct Desk {
    pub(super) till: Arc<Till>,
    shares: Mutex<Shares>,
}

/// What was spent on starts that are being made.
#[derive(Default)]
pub(super) struct Spent {
    /// Of which workspace, and how many.
    units: Option<(WorkspaceId, i64)>,
    /// Whether the database was asked to keep what was made: nobody knows whether it has where no answer comes.
    pub(super) is_asked: bool,
}

/// What came of it.
pub(super) enum Made {
    /// Another worker has it, or had it.
    Nothing,
    /// It is settled, with a new execution or without.
    Settled { is_new: bool },
    /// Not now.
    Refused { reason: String, until: Option<DateTime<Utc>> },
}

/// What the database said to a start.
enum Answer {
    Settled { verdict: Verdict, is_new: bool },
    Refused { reason: &'static str, until: Option<DateTime<Utc>> },
}

impl Desk {
    pub(super) fn new(place: &Place) -> Self {
        Self { till: Till::new(place, Role::Worker), shares: Mutex::default() }
    }

    pub(super) fn shares(&self) -> MutexGuard<'_, Shares> {
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spends so many units of the quota, all of them or none; whether it did.
    pub(super) async fn spend(
        &self,
        workspace_id: WorkspaceId,
        units: i64,
        spent: &mut Spent,
    ) -> Result<bool, StoreError> {
        let may = self.till.admit_units(workspace_id, EXECUTIONS, units).await?.is_ok();
        spent.units = may.then_some((workspace_id, units));
        Ok(may)
    }

    /// What new executions cost stays spent, the rest comes back. How many are new is absent after a failure; nothing is then, unless
    /// the answer was lost: what was not spent is mended with the counts of dead processes.
    pub(super) fn settle(&self, spent: &Spent, new: Option<i64>) {
        let new = new.or((!spent.is_asked).then_some(0));
        if let (Some((workspace_id, units)), Some(new)) = (spent.units, new) {
            self.till.confirm_units(workspace_id, EXECUTIONS, new);
            self.till.give_units_back(workspace_id, EXECUTIONS, units - new);
        }
    }
}

/// Makes one start, if nobody else has it.
pub(super) async fn start(engine: &Engine, desk: &Desk, side: &Side, key: &Key) -> Result<Made, StoreError> {
    let mut spent = Spent::default();
    let made = side.run(async |connection| in_transaction(engine, desk, connection, key, &mut spent).await).await;
    let new = made.as_ref().ok().map(|made| i64::from(matches!(made, Made::Settled { is_new: true })));
    desk.settle(&spent, new);
    made
}

async fn in_transaction(
    engine: &Engine,
    desk: &Desk,
    connection: &mut PgConnection,
    key: &Key,
    spent: &mut Spent,
) -> Result<Made, StoreError> {
    let mut transaction = connection.begin_with(BEGIN_MAKING).await?;
    let made = within(engine, desk, &mut transaction, key, spent).await?;
    // At once, also where nothing came of it: what is only dropped ends with the next use of the connection.
    match made {
        Made::Settled { .. } => {
            spent.is_asked = true;
            transaction.commit().await?;
        }
        Made::Nothing | Made::Refused { .. } => transaction.rollback().await?,
    }
    Ok(made)
}

/// What is to be committed if it is settled.
async fn within(
    engine: &Engine,
    desk: &Desk,
    connection: &mut PgConnection,
    key: &Key,
    spent: &mut Spent,
) -> Result<Made, StoreError> {
    let Some(row) = lock(connection, std::slice::from_ref(key), None).await?.pop() else { return Ok(Made::Nothing) };
    if !row.is_there {
        settle(connection, &[(&row, Verdict::Missed(DELETED.into()))]).await?;
        return Ok(Made::Settled { is_new: false });
    }
    let (workspace_id, _, version_id) = row.ids();
    let version = engine.versions.get(&engine.side, &engine.registry, workspace_id, version_id).await?;
    if !desk.spend(workspace_id, 1, spent).await? {
        return Ok(Made::Refused { reason: "the workspace has used up its quota of executions".into(), until: None });
    }
    let vt = desk.shares().stamp(workspace_id);
    let started = make(&row, version.graph.timeout_ms, vt);
    let execution_id = started.execution_id;
    let answer = match wish(&row, version.graph.flow.as_ref(), &started) {
        Some(wish) => ruled(desk, connection, Ruled { start: started, wish }).await?,
        None => plain(desk, connection, started).await?,
    };
    match answer {
        Answer::Refused { reason, until } => Ok(Made::Refused { reason: reason.into(), until }),
        Answer::Settled { verdict, is_new } => {
            let taken = is_new.then(|| taken(&row, execution_id)).flatten();
            events::taken_by_starts(connection, taken.as_slice()).await?;
            settle(connection, &[(&row, verdict)]).await?;
            Ok(Made::Settled { is_new })
        }
    }
}

/// What an execution has taken that says how deep it is, if an event or an end started it: the event; of an end no more than that it
/// was one, as it may be large.
pub(super) fn taken(row: &TriggerStart, execution_id: ExecutionId) -> Option<Taken> {
    let event = match row.cause.as_str() {
        "event" => row.input.clone(),
        "execution" => json!({ "type": "execution", "key": row.subject }),
        _ => return None,
    };
    let (workspace_id, ..) = row.ids();
    Some(Taken { workspace_id, execution_id, node_id: row.node_id.clone(), event, depth: row.depth })
}

pub(super) fn make(row: &TriggerStart, timeout_ms: Option<u64>, vt: i64) -> Start {
    let (workspace_id, workflow_id, version_id) = row.ids();
    Start {
        execution_id: ExecutionId::new(),
        workspace_id,
        workflow_id,
        version_id,
        trigger: NodeId::from(row.node_id.as_str()),
        input: row.input.clone(),
        timeout_ms,
        idempotency_key: Some(row.idempotency_key().into()),
        trace: row.trace.as_deref().and_then(Trace::parse),
        vt,
    }
}

/// What flow control asks for: the rules of the workflow, and a singleton of the trigger where its starts must not overlap.
fn wish(row: &TriggerStart, flow: Option<&Arc<Flow>>, start: &Start) -> Option<Wish> {
    let mode = match row.overlap.as_str() {
        "skip" => Some(Meeting::Skip),
        "queue" => Some(Meeting::Newest),
        "cancel" => Some(Meeting::Cancel),
        _ => None,
    };
    let mut wish = match (flow, mode) {
        (None, None) => return None,
        (Some(flow), _) => flow.wish(&start.input),
        (None, Some(_)) => Wish { rate: None, throttle: None, hold: None, priority: None },
    };
    if let Some(mode) = mode {
        wish.hold = Some(HoldWish::Singleton { key: singleton_key(&row.node_id), mode });
    }
    Some(wish)
}

/// One of its own for each trigger; a long id stands there as its hash.
fn singleton_key(node_id: &str) -> String {
    let key = format!("$trigger:{node_id}");
    if key.len() <= 200 { key } else { format!("$trigger:{}", capstan_engine::core::outcome::hashed(node_id)) }
}

async fn plain(desk: &Desk, connection: &mut PgConnection, start: Start) -> Result<Answer, StoreError> {
    let reply = start_plainly(connection, std::slice::from_ref(&start)).await?;
    desk.shares().advance(reply.front);
    Ok(reply.started.first().map_or_else(has_started_before, |started| {
        let (verdict, is_new) = verdict(*started);
        Answer::Settled { verdict, is_new }
    }))
}

/// What a start without rules comes to, and whether its execution is new.
pub(super) fn verdict(started: Started) -> (Verdict, bool) {
    match started {
        Started::New(id) => (Verdict::Started(id), true),
        Started::Replayed(id) => (Verdict::Started(id), false),
        Started::Conflict => (Verdict::Missed(STARTED_BEFORE.into()), false),
    }
}

async fn ruled(desk: &Desk, connection: &mut PgConnection, ruled: Ruled) -> Result<Answer, StoreError> {
    let reply = start_flow(connection, std::slice::from_ref(&ruled)).await?;
    desk.shares().advance(reply.front);
    let Some(FlowStarted { execution_id, verdict, replayed, until, .. }) = reply.started.into_iter().next() else {
        return Ok(has_started_before());
    };
    let refused = |reason, until| Answer::Refused { reason, until };
    Ok(match verdict {
        Ruling::Limited => refused("the workflow's rate_limit lets in no more", until),
        Ruling::Late => refused("the workflow's throttle would delay it for too long", until),
        Ruling::Full => refused("too many starts of the workspace are pending", None),
        Ruling::Conflict => has_started_before(),
        Ruling::Skipped => Answer::Settled { verdict: Verdict::Skipped(execution_id), is_new: false },
        verdict => Answer::Settled { verdict: Verdict::Started(execution_id), is_new: verdict.is_new() && !replayed },
    })
}

fn has_started_before() -> Answer {
    Answer::Settled { verdict: Verdict::Missed(STARTED_BEFORE.into()), is_new: false }
}
