//! One watcher's fold: each journal entry becomes the steps that it changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use capstan_engine::core::clean_up::Ending;
use capstan_engine::core::decide::decide;
use capstan_engine::core::journal::Entry;
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::{State, StepStatus};
use capstan_engine::store::error::StoreError;
use serde::Serialize;

use crate::graphs::Version;
use crate::view;

/// Where a watcher is in the life of an execution.
pub(crate) struct Story {
    version: Arc<Version>,
    state: State,
    position: i32,
}

/// A step that one entry changed.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    position: i32,
    node_id: String,
    scope: String,
    status: StepStatus,
    port: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    more_ports: Vec<String>,
    attempts: u32,
    error: Option<StepError>,
}

impl Story {
    /// `state` is the fold of the journal up to `position`.
    pub(crate) fn new(version: Arc<Version>, state: State, position: i32) -> Self {
        Self { version, state, position }
    }

    pub(crate) fn position(&self) -> i32 {
        self.position
    }

    /// Folds an entry in and tells which steps it changed; an entry that was folded in before changes nothing.
    pub(crate) fn tell(&mut self, position: i32, entry: &Entry) -> Result<Vec<Told>, StoreError> {
        if position <= self.position {
            return Ok(Vec::new());
        }
        let graph = &self.version.graph;
        let decision = decide(graph, &self.state, entry)
            .map_err(|illegal| StoreError::Corrupt(format!("journal position {position}: {illegal}")))?;
        self.state.apply(graph, entry.clone(), &decision);
        self.position = position;
        let own = entry.event.step().and_then(|step| self.state.find(graph, step));
        let changed: BTreeSet<usize> =
            own.into_iter().chain(decision.start).chain(decision.skipped).chain(decision.cancelled).collect();
        Ok(changed.into_iter().map(|ix| self.told(ix)).collect())
    }

    fn told(&self, ix: usize) -> Told {
        let step = view::step(&self.version.graph, &self.state, ix);
        Told {
            position: self.position,
            node_id: step.node_id,
            scope: step.scope,
            status: step.status,
            port: step.port,
            more_ports: step.more_ports,
            attempts: step.attempts,
            error: step.error,
        }
    }

    /// Whether it is settled how it ends.
    pub(crate) fn is_ending(&self) -> bool {
        self.state.is_ending()
    }

    /// How it ends, if `entry`, which was told last, has led to that and it has not ended yet.
    pub(crate) fn ending(&self, entry: &Entry) -> Option<Ending> {
        let ending = Ending::of(&self.version.graph, &self.state, std::iter::once(entry), false);
        ending.filter(Ending::is_open)
    }

    /// How the execution stands as a whole, as far as that is told in between; none once it has ended.
    pub(crate) fn standing(&self) -> Option<&'static str> {
        if self.state.end().is_some() {
            return None;
        }
        Some(match (self.state.incident(), self.state.paused()) {
            (Some(_), _) => "incident",
            (None, Some(_)) => "paused",
            (None, None) => "running",
        })
    }
}
