//! The gatekeeper: executions of this process take their slots together, a round for each workspace, and who waits is let in as
//! soon as slots are given back.
//!
//! Whether there are limits at all is known in memory, so that an execution without any has nothing to do with this.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use capstan_engine::core::gate::Gate;
use capstan_engine::core::ids::{WorkflowId, WorkspaceId};
use capstan_engine::store::connect::Place;
use capstan_engine::store::error::StoreError;
use capstan_engine::store::gates::{After, Entered, Entering, Passed, Swept, admit, enter, is_any, sweep};
use capstan_engine::store::limits::changed;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::sleep;
use tracing::{debug, warn};

use crate::life::Life;
use crate::side::Side;

/// Requests that are taken in together.
const ROUND_MAX: usize = 200;
/// Requests that wait; their executions wait with them.
const WAITING_MAX: usize = 10_000;
/// Pause before a round that has failed is tried again.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);
/// How far back changes of limits are read again: a transaction may have taken that long.
const LOOK_BACK: TimeDelta = TimeDelta::seconds(10);

/// What a process knows of limits, and its way through the gates.
pub(crate) struct Gates {
    limits: RwLock<HashMap<WorkspaceId, HashSet<String>>>,
    /// The latest change that is known.
    reached: Mutex<Option<DateTime<Utc>>>,
    /// Rises with each limit that is new.
    news: watch::Sender<u64>,
    requests: mpsc::Sender<Request>,
    /// A connection of its own: nobody else has to wait for a workspace's lock.
    side: Arc<Side>,
}

enum Request {
    Enter(Box<Enter>),
    Left { workspace_id: WorkspaceId, gates: Vec<Gate> },
}

struct Enter {
    life: Arc<Life>,
    workspace_id: WorkspaceId,
    entering: Entering,
    reply: oneshot::Sender<Result<Entered, String>>,
}

impl Gates {
    /// Begins; `waker` is told of those that were let in.
    pub(crate) fn spawn(place: Place, waker: Arc<Notify>) -> Self {
        let (requests, inbox) = mpsc::channel(WAITING_MAX);
        let side = Arc::new(Side::new(place));
        tokio::spawn(Keeper { side: Arc::clone(&side), waker }.run(inbox));
        let news = watch::Sender::new(0);
        Self { limits: RwLock::default(), reached: Mutex::default(), news, requests, side }
    }

    /// The gates of an execution, the narrowest first; none where it has no key and there is no limit. Where there is one,
    /// all are named: a limit that comes later holds for whoever is in line by then.
    pub(crate) fn of(&self, workspace_id: WorkspaceId, workflow_id: WorkflowId, of_key: Option<&Gate>) -> Vec<Gate> {
        let gates = [Gate::workflow(workflow_id), Gate::workspace()];
        if of_key.is_none() {
            let limits = self.limits.read().unwrap_or_else(PoisonError::into_inner);
            let is_limited = |names: &HashSet<String>| gates.iter().any(|gate| names.contains(gate.as_str()));
            if !limits.get(&workspace_id).is_some_and(is_limited) {
                return Vec::new();
            }
        }
        of_key.cloned().into_iter().chain(gates).collect()
    }

    /// Hears of limits that are new.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Takes an execution through its gates, or has it wait there.
    ///
    /// # Errors
    /// Why that can never be, for people.
    pub(crate) async fn enter(
        &self,
        life: &Arc<Life>,
        workspace_id: WorkspaceId,
        entering: Entering,
    ) -> Result<Entered, String> {
        let (reply, answer) = oneshot::channel();
        let request = Enter { life: Arc::clone(life), workspace_id, entering, reply };
        // The gatekeeper goes with the process; a life that is over has lost what it held.
        if self.requests.send(Request::Enter(Box::new(request))).await.is_err() {
            return Ok(Entered::Lost);
        }
        answer.await.unwrap_or(Ok(Entered::Lost))
    }

    /// Tells that slots were given back. A hint: where there are too many the sweep finds the rest.
    pub(crate) fn left(&self, workspace_id: WorkspaceId, gates: Vec<Gate>) {
        let _ = self.requests.try_send(Request::Left { workspace_id, gates });
    }

    /// Reads which limits have changed.
    pub(crate) async fn refresh(&self, side: &Side) -> Result<(), StoreError> {
        let since = *self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(side, since.map(|reached| reached - LOOK_BACK)).await
    }

    /// Reads all limits anew: the database of a failover may have others, as old as those that are known.
    pub(crate) async fn renew(&self, side: &Side) -> Result<(), StoreError> {
        self.read(side, None).await
    }

    async fn read(&self, side: &Side, since: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let changed = side.run(async |connection| changed(connection, since).await).await?;
        let Some(last) = changed.last().map(|change| change.updated_at) else { return Ok(()) };
        let mut is_new = false;
        let mut limits = self.limits.write().unwrap_or_else(PoisonError::into_inner);
        for change in changed {
            let names = limits.entry(WorkspaceId(change.workspace_id)).or_default();
            if change.is_set {
                is_new |= names.insert(change.name);
            } else {
                names.remove(&change.name);
            }
        }
        limits.retain(|_, names| !names.is_empty());
        drop(limits);
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        if is_new {
            self.news.send_modify(|news| *news += 1);
        }
        Ok(())
    }

    /// Goes through the next lines, if somebody waits anywhere and it is this process's turn.
    pub(crate) async fn sweep(&self, side: &Side, after: Option<After>) -> Result<Swept, StoreError> {
        if !side.run(async |connection| is_any(connection).await).await? {
            return Ok(Swept::default());
        }
        let swept = self.side.run(async |connection| sweep(connection, after).await).await?;
        Ok(swept.unwrap_or_default())
    }
}

/// Works off requests, as many as there are at a time.
struct Keeper {
    side: Arc<Side>,
    waker: Arc<Notify>,
}

impl Keeper {
    async fn run(self, mut inbox: mpsc::Receiver<Request>) {
        let mut round = Vec::new();
        while next_round(&mut inbox, &mut round).await {
            let (mut left, mut enters) = (HashMap::<_, HashSet<Gate>>::new(), HashMap::<_, Vec<Enter>>::new());
            for request in round.drain(..) {
                match request {
                    Request::Left { workspace_id, gates } => left.entry(workspace_id).or_default().extend(gates),
                    Request::Enter(enter) => {
                        enters.entry((enter.workspace_id, enter.life.worker_no)).or_default().push(*enter);
                    }
                }
            }
            for (workspace_id, gates) in left {
                self.admit(workspace_id, gates).await;
            }
            for ((workspace_id, worker_no), enters) in enters {
                let again = self.enter(workspace_id, worker_no, enters).await;
                round.extend(again.into_iter().map(|enter| Request::Enter(Box::new(enter))));
            }
        }
    }

    async fn admit(&self, workspace_id: WorkspaceId, gates: HashSet<Gate>) {
        let admitted = self.side.run(async |connection| admit(connection, workspace_id, gates).await).await;
        match admitted {
            Ok(passed) => self.admitted(&passed),
            // The sweep is the truth.
            Err(error) => debug!(%error, "who waits at a gate could not be let in; the sweep will"),
        }
    }

    fn admitted(&self, passed: &Passed) {
        if !passed.admitted.is_empty() {
            metrics::counter!("capstan_gate_admitted_total").increment(passed.admitted.len() as u64);
            self.waker.notify_one();
        }
    }

    /// Answers those for which has to be asked again, since it is not known what became of them.
    async fn enter(&self, workspace_id: WorkspaceId, worker_no: i32, enters: Vec<Enter>) -> Vec<Enter> {
        let Some(life) = enters.first().map(|enter| Arc::clone(&enter.life)) else { return enters };
        let entering: Vec<Entering> = enters.iter().map(|enter| enter.entering.clone()).collect();
        let asked = self.side.run(async |connection| enter(connection, worker_no, workspace_id, &entering).await);
        let passed = match life.over.run_until_cancelled(asked).await {
            None => return Vec::new(),
            Some(Ok(passed)) => passed,
            Some(Err(StoreError::Fenced)) => {
                life.over.cancel();
                return Vec::new();
            }
            Some(Err(error)) if error.is_transient() => {
                warn!(%error, executions = enters.len(), "executions could not pass their gates; trying again");
                return enters;
            }
            Some(Err(error)) => return refuse(enters, &error),
        };
        self.admitted(&passed);
        let waits = passed.entered.iter().filter(|entered| matches!(entered, Entered::Waits | Entered::Woken)).count();
        metrics::counter!("capstan_gate_waits_total").increment(waits as u64);
        for (enter, entered) in enters.into_iter().zip(passed.entered) {
            // A receiver that is gone belongs to an activation that was aborted; it needs no answer.
            let _ = enter.reply.send(Ok(entered));
        }
        Vec::new()
    }
}

/// Adds what is new to what has to be asked for again, so that a workspace whose lock is not to be had holds up no other for
/// good. False once nobody asks any more.
async fn next_round(inbox: &mut mpsc::Receiver<Request>, round: &mut Vec<Request>) -> bool {
    if round.is_empty() {
        return inbox.recv_many(round, ROUND_MAX).await > 0;
    }
    sleep(AGAIN_PAUSE).await;
    round.extend((0..ROUND_MAX).map_while(|_| inbox.try_recv().ok()));
    true
}

fn refuse(enters: Vec<Enter>, error: &StoreError) -> Vec<Enter> {
    for enter in enters {
        let _ = enter.reply.send(Err(format!("it could not pass its gates: {error}")));
    }
    Vec::new()
}
