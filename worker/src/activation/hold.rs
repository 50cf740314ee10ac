//! Hold: an execution whose workflow is paused lets what runs end, starts nothing, and waits without a worker.

use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::children::Hold;
use capstan_engine::store::commit::Then;
use chrono::{DateTime, Utc};

use super::drive::Drive;

impl Drive<'_> {
    /// Looks whether it is held up. Clean-up never is, so that a cancel works.
    pub(super) fn look_for_pause(&mut self) {
        let is_paused = self.engine.pauses.hold(WorkspaceId(self.claimed.workspace_id), self.workflow_id);
        self.is_held = is_paused && !self.state.is_ending();
    }

    /// How it parks: until the next look is due, or, where that is now, until its workflow goes on.
    pub(super) fn park(&mut self, now: DateTime<Utc>) -> Then {
        let due_at = self.next_look();
        if !self.is_held || due_at.is_none_or(|due| due > now) {
            return Then::Park { due_at };
        }
        let has_moved = self.state.position() > self.began_at;
        let losses = if has_moved { 0 } else { self.claimed.losses };
        self.family.hold = Some(Hold { workflow_id: self.workflow_id, losses });
        Then::Park { due_at: None }
    }
}
