//! What questions and their answers tell a recorder.

use std::iter;

use serde_json::{Value, json};

use super::ask::{Beat, Claim, Commit, Find, Heed, Pass, Reap, Release, Retire, Signal, Start, Tell};
use super::record::{Heard, Question};
use crate::core::ids::ExecutionId;
use crate::store::claim::Claimed;
use crate::store::commit::{self, Reply, Then};
use crate::store::error::StoreError;
use crate::store::gates::{Entered, Entering};
use crate::store::signals::{Pending, Sent};
use crate::store::start::{StartReply, Started};
use crate::store::workers;

impl Question<StartReply> for Start<'_> {
    fn asks(&self) -> Vec<Value> {
        let fact = |id: ExecutionId| json!({ "event": "started", "execution": id });
        self.starts.iter().map(|start| fact(start.execution_id)).collect()
    }

    fn hears(&self, answer: &Result<StartReply, StoreError>) -> Heard {
        let (asks, reply) = match answer {
            Ok(reply) => (self.asks(), reply),
            Err(error) => return failed(error, self.starts.len()),
        };
        // One that finds itself was started by an earlier question.
        let new = reply.started.iter().map(|started| matches!(started, Started::New(_)));
        instead(asks.into_iter().zip(new).map(|(fact, new)| if new { fact } else { nothing() }))
    }
}

impl Question<Sent> for Signal {
    fn asks(&self) -> Vec<Value> {
        vec![json!({ "event": "signalled", "execution": self.execution_id })]
    }

    fn hears(&self, answer: &Result<Sent, StoreError>) -> Heard {
        match answer {
            Ok(Sent::Accepted) => instead(self.asks()),
            Ok(_) => instead([nothing()]),
            Err(error) => failed(error, 1),
        }
    }
}

impl Question<Vec<bool>> for Tell<'_> {
    fn asks(&self) -> Vec<Value> {
        self.executions.iter().map(|id| spoken_to(*id)).collect()
    }

    fn hears(&self, answer: &Result<Vec<bool>, StoreError>) -> Heard {
        match answer {
            Ok(took) => {
                let told = self.executions.iter().zip(took);
                instead(told.map(|(id, &took)| if took { spoken_to(*id) } else { nothing() }))
            }
            Err(error) => failed(error, self.executions.len()),
        }
    }
}

/// What it will be given is not known before; that something may be is told as lost track.
impl Question<Vec<Claimed>> for Claim {
    fn asks(&self) -> Vec<Value> {
        vec![json!({ "event": "lost_track", "worker": self.worker_no })]
    }

    fn hears(&self, answer: &Result<Vec<Claimed>, StoreError>) -> Heard {
        let Ok(claimed) = answer else { return refused(answer, self.worker_no, 1) };
        let fact = |claimed: &Claimed| match claimed.held_by {
            Some(holder) => json!({ "event": "woken", "holder": holder, "execution": claimed.execution_id }),
            None => json!({
                "event": "claimed", "worker": self.worker_no, "execution": claimed.execution_id,
                "lease": claimed.lease_no, "fresh": claimed.fresh,
            }),
        };
        Heard { instead: vec![Some(nothing())], beside: claimed.iter().map(fact).collect() }
    }
}

impl Question<Vec<Pending>> for Heed {
    fn hears(&self, answer: &Result<Vec<Pending>, StoreError>) -> Heard {
        let Self { worker_no, execution_id, lease_no } = self;
        let fact = json!({ "event": "heeded", "worker": worker_no, "execution": execution_id, "lease": lease_no });
        Heard { beside: answer.iter().map(|_| fact.clone()).collect(), ..Heard::default() }
    }
}

impl Question<Reply> for Commit<'_> {
    fn asks(&self) -> Vec<Value> {
        let commits = self.commits.iter();
        commits.flat_map(|item| iter::once(committed(self.worker_no, item, false)).chain(told_others(item))).collect()
    }

    fn hears(&self, answer: &Result<Reply, StoreError>) -> Heard {
        let commits = self.commits.iter();
        match answer {
            Ok(Reply::Written(woken)) => {
                let own = |item| committed(self.worker_no, item, woken.contains(&item.execution_id));
                instead(commits.flat_map(|item| iter::once(own(item)).chain(told_others(item))))
            }
            Ok(Reply::Lost(gone)) => instead(commits.flat_map(|item| {
                let is_gone = gone.contains(&item.execution_id);
                let own = if is_gone { lost(self.worker_no, item.execution_id, item.lease_no) } else { nothing() };
                iter::once(own).chain(told_others(item).map(|_| nothing()))
            })),
            Err(_) => refused(answer, self.worker_no, self.asks().len()),
        }
    }
}

impl Question<Vec<ExecutionId>> for Find<'_> {
    fn hears(&self, answer: &Result<Vec<ExecutionId>, StoreError>) -> Heard {
        let written = answer.as_ref().map_or(&[][..], Vec::as_slice);
        let found = self.commits.iter().filter(|commit| written.contains(&commit.execution_id));
        let fact = |commit: &&commit::Commit| {
            let (execution, lease, position) = (commit.execution_id, commit.lease_no, commit.position);
            json!({ "event": "found", "execution": execution, "lease": lease, "position": position })
        };
        Heard { beside: found.map(fact).collect(), ..Heard::default() }
    }
}

impl Question<i32> for Release<'_> {
    fn asks(&self) -> Vec<Value> {
        let fact = |&(execution, lease): &(ExecutionId, i64)| json!({ "event": "released", "worker": self.worker_no, "execution": execution, "lease": lease });
        self.leases.iter().map(fact).collect()
    }

    fn hears(&self, answer: &Result<i32, StoreError>) -> Heard {
        match (answer, self.leases) {
            (Err(_), leases) => refused(answer, self.worker_no, leases.len()),
            (Ok(0), &[(execution, lease)]) => instead([lost(self.worker_no, execution, lease)]),
            (Ok(count), leases) if usize::try_from(*count).is_ok_and(|count| count == leases.len()) => {
                instead(self.asks())
            }
            // Some of them, nobody knows which.
            (Ok(_), _) => Heard::default(),
        }
    }
}

impl Question<()> for Pass<'_> {
    fn asks(&self) -> Vec<Value> {
        let admitted = self.passed.admitted.iter().map(|id| json!({ "event": "admitted", "execution": id }));
        let gated = |one: &Entering, woken: bool| {
            json!({
                "event": "gated", "worker": self.worker_no, "execution": one.execution_id, "lease": one.lease_no,
                "due": one.due_at.is_some(), "woken": woken,
            })
        };
        let waits = self.entering.iter().zip(&self.passed.entered).filter_map(|(one, entered)| match entered {
            Entered::Waits => Some(gated(one, false)),
            Entered::Woken => Some(gated(one, true)),
            Entered::In | Entered::Lost => None,
        });
        admitted.chain(waits).collect()
    }

    fn hears(&self, answer: &Result<(), StoreError>) -> Heard {
        match answer {
            Ok(()) => instead(self.asks()),
            Err(error) => failed(error, self.asks().len()),
        }
    }
}

impl Question<()> for Retire {
    fn asks(&self) -> Vec<Value> {
        vec![json!({ "event": "retired", "worker": self.worker_no })]
    }

    fn hears(&self, answer: &Result<(), StoreError>) -> Heard {
        match answer {
            Ok(()) => instead(self.asks()),
            Err(error) => failed(error, 1),
        }
    }
}

impl Question<Option<i32>> for Reap {
    fn asks(&self) -> Vec<Value> {
        vec![json!({ "event": "reaped", "worker": self.lost })]
    }

    fn hears(&self, answer: &Result<Option<i32>, StoreError>) -> Heard {
        match answer {
            // Another reaper is at it, and may not be done.
            Ok(None) => Heard::default(),
            Ok(Some(_)) => instead(self.asks()),
            Err(error) => failed(error, 1),
        }
    }
}

impl Question<workers::Beat> for Beat {
    fn hears(&self, answer: &Result<workers::Beat, StoreError>) -> Heard {
        let dead = answer.iter().filter(|beat| !beat.alive);
        Heard { beside: dead.map(|_| fenced(self.worker_no)).collect(), ..Heard::default() }
    }
}

fn committed(worker_no: i32, commit: &commit::Commit, woken: bool) -> Value {
    let (then, due) = match &commit.then {
        Then::Hold => ("hold", false),
        Then::Park { due_at } => ("park", due_at.is_some()),
        Then::End { status: "incident", .. } => ("incident", false),
        Then::End { .. } => ("end", false),
    };
    json!({
        "event": "committed", "worker": worker_no, "execution": commit.execution_id, "lease": commit.lease_no,
        "position": commit.position, "rows": commit.rows.len(),
        "consumed": commit.rows.iter().filter(|row| row.signal_id.is_some()).count() + commit.dropped.len(),
        "then": then, "due": due, "woken": woken,
    })
}

/// What an item does to others: children that start, and those that are cancelled. Whom an end is told to, the start said.
fn told_others(commit: &commit::Commit) -> impl Iterator<Item = Value> + '_ {
    let parent = commit.execution_id;
    let born = commit.family.starts.iter().map(move |birth| {
        let parent = birth.signal.is_some().then_some(parent);
        json!({ "event": "started", "execution": birth.new.child.execution_id, "parent": parent })
    });
    born.chain(commit.family.cancels.iter().map(|(child, _)| spoken_to(*child)))
}

fn spoken_to(execution: ExecutionId) -> Value {
    json!({ "event": "told", "execution": execution })
}

fn lost(worker_no: i32, execution: ExecutionId, lease_no: i64) -> Value {
    json!({ "event": "lost", "worker": worker_no, "execution": execution, "lease": lease_no })
}

fn fenced(worker_no: i32) -> Value {
    json!({ "event": "refused", "worker": worker_no })
}

fn nothing() -> Value {
    json!({ "event": "nothing" })
}

/// Facts that are sure, one for each that was asked for.
fn instead(facts: impl IntoIterator<Item = Value>) -> Heard {
    Heard { instead: facts.into_iter().map(Some).collect(), beside: Vec::new() }
}

/// After an error it is not known what came of `count` facts, unless the database itself has undone them.
fn failed(error: &StoreError, count: usize) -> Heard {
    match error {
        StoreError::Fenced | StoreError::LockTimeout | StoreError::Data(_) | StoreError::NoMonth => {
            instead(vec![nothing(); count])
        }
        _ => Heard::default(),
    }
}

/// The same for a question of a worker, which may have been fenced.
fn refused<T>(answer: &Result<T, StoreError>, worker_no: i32, count: usize) -> Heard {
    let Err(error) = answer else { return Heard::default() };
    let beside = if matches!(error, StoreError::Fenced) { vec![fenced(worker_no)] } else { Vec::new() };
    Heard { beside, ..failed(error, count) }
}
