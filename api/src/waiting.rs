//! Requests that wait for what their execution comes to. The execution is durable before anyone waits, and none the
//! worse if nobody does any more.

mod wish;

use std::time::Duration;

use capstan_domain::history;
use capstan_engine::core::graph::Graph;
use capstan_engine::core::ids::{ExecutionId, NodeId};
use capstan_engine::core::journal::{Event, SettledStatus};
use capstan_engine::store::executions::{self, ExecutionRow};
use capstan_node_types::types::{RESPOND, Reply};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::Api;
use crate::auth::Caller;
use crate::live::{News, Seat};
use crate::problem::Problem;
pub(crate) use wish::Wish;

/// How an execution stood when the wait was over.
pub(crate) struct Heard {
    /// It has ended, or its time was over, or there is a reply.
    pub(crate) row: ExecutionRow,
    /// What its first settled respond step said.
    pub(crate) reply: Option<Reply>,
}

/// What is waited for.
pub(crate) struct Waiting<'a> {
    pub(crate) api: &'a Api,
    pub(crate) caller: &'a Caller,
    pub(crate) execution_id: ExecutionId,
    /// The respond nodes that count; without any, only the end does.
    pub(crate) nodes: Vec<NodeId>,
    /// Whether it is enough that a step waits.
    pub(crate) for_waits: bool,
}

/// The nodes of a graph that answer.
pub(crate) fn respond_nodes(graph: &Graph) -> Vec<NodeId> {
    graph.nodes.iter().filter(|node| node.type_name == RESPOND).map(|node| node.id.clone()).collect()
}

impl Waiting<'_> {
    /// Waits for the first reply or the end, for `span` at most, or until the process is about to stop. What another
    /// request started may have come far already.
    pub(crate) async fn hear(&self, seat: Seat, span: Duration, is_new: bool) -> Result<Heard, Problem> {
        let until = Instant::now() + span;
        let mut position = 0;
        if !is_new {
            let (heard, newest) = self.look().await?;
            if heard.is_final() {
                return Ok(heard);
            }
            position = newest;
        }
        let Caller { cell, workspace_id, .. } = self.caller;
        let mut watch = self.api.hub.watch(seat, cell, *workspace_id, self.execution_id, position);
        // Somebody else watches already, and has been told what this one missed.
        let mut is_news = watch.position > position;
        loop {
            if is_news {
                let (heard, _) = self.look().await?;
                if heard.is_final() {
                    return Ok(heard);
                }
            }
            is_news = tokio::select! {
                news = watch.news.recv() => match news {
                    Ok(News::Entry(_, entry)) if self.for_waits && matches!(entry.event, Event::Waiting { .. }) => break,
                    Ok(news) => self.concerns(&news),
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => break,
                },
                () = watch.over.cancelled() => true,
                () = sleep_until(until) => break,
                () = self.api.closing.cancelled() => break,
            };
        }
        Ok(self.look().await?.0)
    }

    fn concerns(&self, news: &News) -> bool {
        let News::Entry(_, entry) = news else { return true };
        let Event::Settled { step, settlement } = &entry.event else { return false };
        settlement.status == SettledStatus::Completed && self.nodes.contains(&step.node_id)
    }

    /// How it stands, and the newest position of its journal.
    async fn look(&self) -> Result<(Heard, i32), Problem> {
        let (workspace_id, id) = (self.caller.workspace_id, self.execution_id);
        let mut transaction = self.caller.read().await?;
        let row = executions::find(&mut transaction, workspace_id, id).await?;
        let newest = history::newest(&mut transaction, workspace_id, id).await?;
        let reply = match self.nodes.as_slice() {
            [] => None,
            nodes => history::first_output(&mut transaction, workspace_id, id, nodes).await?,
        };
        transaction.commit().await?;
        let row = row.ok_or_else(|| Problem::internal(format!("execution {id} is gone while somebody waits")))?;
        let reply = reply.map(serde_json::from_value).transpose();
        let reply = reply.map_err(|error| Problem::internal(format!("the reply of {id} cannot be read: {error}")))?;
        Ok((Heard { row, reply }, newest))
    }
}

impl Heard {
    fn is_final(&self) -> bool {
        self.reply.is_some() || self.row.ended_at.is_some()
    }
}
