//! Runs of a container's graph, and how they end.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::catalogue::Frames;
use super::chunk::Spill;
use super::graph::BodyIx;
use super::ids::Scope;
use super::state::{End, FrameIx, StepIx};

/// One run of a body: of the top level, or of a container's graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Of what.
    pub body: BodyIx,
    /// The container's step; none at the top level.
    pub owner: Option<StepIx>,
    /// The scope of its steps.
    pub scope: Scope,
    /// The place of its item in the round, or, of a further round, its turn.
    pub index: usize,
    /// What it is about.
    pub item: Value,
    /// Which part of it runs.
    pub stage: Stage,
    /// How it ends, from when that is settled: what undoes and what runs at last may still be to come.
    pub ending: Option<End>,
    pub(super) first_step: StepIx,
    pub(super) first_edge: usize,
    /// Steps that run or wait, with those in frames below that undo something for this one.
    pub(super) active: usize,
}

/// The parts of a frame's life, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The graph as drawn; once its end is settled, only what cannot be cancelled goes on.
    Main,
    /// What was completed is undone, the last first.
    Undo,
    /// What runs however it ended.
    Finally,
    /// Over.
    Ended,
}

/// The frames that a container has asked for last.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// What each is about.
    pub items: Arc<[Value]>,
    /// Set if each is a chunk of items.
    pub spill: Option<Spill>,
    /// What each runs.
    pub body: BodyIx,
    /// How they are run.
    pub rules: Frames,
    /// Those opened so far, in that order.
    pub frames: Vec<FrameIx>,
    /// Number of the first.
    pub first: u32,
    /// Place of the first.
    pub index: usize,
    /// Rounds of this attempt before.
    pub turn: u32,
    /// What the node type wants to see again.
    pub note: Value,
    /// When they are given up, if ever.
    pub until: Option<DateTime<Utc>>,
    /// Set once no more of them open.
    pub closing: Option<Closing>,
    /// Those that have ended.
    pub(super) ended: usize,
    /// Those of them that failed.
    pub(super) failed: usize,
}

impl Round {
    /// A first round over these items.
    pub(super) fn new(items: Arc<[Value]>, body: BodyIx, rules: Frames) -> Self {
        Self {
            items,
            spill: None,
            body,
            rules,
            frames: Vec::new(),
            first: 0,
            index: 0,
            turn: 0,
            note: Value::Null,
            until: None,
            closing: None,
            ended: 0,
            failed: 0,
        }
    }

    /// How many items fail with a frame.
    pub(super) fn weight(&self, item: usize) -> usize {
        self.spill.map_or(1, |spill| spill.items_of(item))
    }

    /// The number of a frame: chunks are called by the first of their items.
    pub(super) fn number(&self, item: usize) -> u32 {
        self.first + (item * self.spill.map_or(1, |spill| spill.chunk)) as u32
    }

    /// How many numbers its frames take.
    pub(super) fn numbers(&self) -> u32 {
        self.spill.map_or(self.items.len(), |spill| spill.items) as u32
    }
}

/// Why a round ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// More frames failed than may.
    Failed,
    /// Its time is over.
    Expired,
    /// The container is needed no more.
    Cancelled,
}
