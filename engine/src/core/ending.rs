//! How frames end: what is around a failure is cancelled, what was done is undone, and what runs however it ended runs.

use super::decide::Decision;
use super::draft::Draft;
use super::frame::{Closing, Stage};
use super::graph::Part;
use super::outcome::StepError;
use super::state::{End, FrameIx, Incident, Phase, Step, StepIx, StepStatus};

/// Why frames are cancelled that nobody cancelled from outside.
const NEEDED_NO_MORE: &str = "needed no more";

impl Draft<'_> {
    /// A step has settled as failed, and nothing takes that: it ends its frame, at last the execution.
    pub(super) fn give_up(mut self, step: StepIx, error: StepError) -> Decision {
        let frame = self.state.steps[step].frame;
        let failed_step = self.state.key(self.graph, step);
        match self.node(step).part {
            Part::Main => self.wind_up(frame, End::Failed { step: Some(failed_step), error }),
            Part::Undo => {
                let reason = format!("{failed_step} could not undo: {}: {}", error.class, error.reason);
                self.decision.incident = Some(Incident { step: Some(step), reason });
                return self.decision;
            }
            Part::Finally => {
                // The others go on; an end that was settled before tells more.
                self.fail(step, &error.class);
                if self.frame(frame).ending == Some(End::Completed) {
                    self.end_as(frame, End::Failed { step: Some(failed_step), error });
                }
            }
        }
        self.finish()
    }

    /// The end of the execution at once: everything active is cancelled.
    pub(super) fn stop(mut self, end: End) -> Decision {
        self.decision.cancelled = self.state.live.iter().copied().collect();
        self.decision.end = Some(end);
        self.decision
    }

    /// It is settled how a frame ends: nothing more of its graph starts, and what runs is cancelled.
    pub(super) fn wind_up(&mut self, frame: FrameIx, end: End) {
        if self.frame(frame).ending.is_some() {
            return;
        }
        self.end_as(frame, end);
        let state = self.state;
        for &step in state.live.range(state.steps_of(self.graph, frame)) {
            if !self.decided.contains(&step) {
                self.withdraw(step);
            }
        }
        self.touched.insert(frame);
    }

    /// Ends a step that is needed no more: at once, or after its frames. One that can be undone is awaited if it runs, so
    /// that it is known what to undo; nothing follows from it. A chunk is awaited until it has ended itself.
    pub(super) fn withdraw(&mut self, step: StepIx) {
        let Step { phase, status, .. } = &self.state.steps[step];
        if *phase == Phase::Open {
            self.close(step, Closing::Cancelled);
        } else if self.node(step).is_chunk && self.state.steps[step].child.is_some() {
            self.decision.recalled.push(step);
        } else if *status != StepStatus::Running || self.node(step).undo.is_none() {
            self.cancel(step);
        }
    }

    /// No more frames of a container open, and those that are open end.
    pub(super) fn close(&mut self, owner: StepIx, why: Closing) {
        let round = self.round(owner);
        if round.closing.is_some_and(|before| before == why || before == Closing::Cancelled) {
            return;
        }
        round.closing = Some(why);
        self.decision.closing.push((owner, why));
        let state = self.state;
        for &frame in state.steps[owner].round.iter().flat_map(|round| &round.frames) {
            self.wind_up(frame, End::Cancelled { reason: NEEDED_NO_MORE.into() });
        }
    }

    /// The decision, once every frame that has nothing left to run has gone on or ended: inner ones first, as they may
    /// end what is around them.
    pub(super) fn finish(mut self) -> Decision {
        while let Some(frame) = self.touched.pop_last() {
            self.advance(frame);
        }
        let mut decision = self.decision;
        for steps in [&mut decision.start, &mut decision.skipped, &mut decision.cancelled, &mut decision.closed] {
            steps.sort_unstable();
        }
        decision
    }

    /// Begins the next part of a frame if nothing of this one is left.
    fn advance(&mut self, frame: FrameIx) {
        if self.frame(frame).active > 0 || self.frame(frame).stage == Stage::Ended {
            return;
        }
        if self.frame(frame).ending.is_none() {
            self.end_as(frame, End::Completed);
        }
        if self.frame(frame).stage == Stage::Main {
            self.enter(frame, Stage::Undo);
        }
        if self.frame(frame).stage == Stage::Undo {
            if let Some(undo) = self.next_undo(frame) {
                return self.fire(frame, undo);
            }
            self.enter(frame, Stage::Finally);
            self.fire_finally(frame);
        }
        if self.frame(frame).active == 0 {
            self.end(frame);
        }
    }

    /// What undoes the step of a frame, or of those below it, that was done last and is not undone.
    fn next_undo(&mut self, frame: FrameIx) -> Option<StepIx> {
        let state = self.state;
        let undoes = state.frames.get(frame)?.owner.is_none_or(|group| self.rules(group).undoes);
        if !undoes || self.frame(frame).ending == Some(End::Completed) {
            return None;
        }
        let is_below = |step: &StepIx| state.outwards(state.steps[*step].frame).any(|around| around == frame);
        // What settles with this decision was done last.
        let done = self.done.into_iter().chain(state.undoable.iter().rev().map(|(_, step)| *step));
        done.filter(is_below).find_map(|step| state.around(self.graph, step, self.node(step).undo?))
    }

    fn fire_finally(&mut self, frame: FrameIx) {
        let Some(before) = self.state.frames.get(frame) else { return };
        for &node in &self.graph.bodies[before.body].finally {
            self.fire(frame, before.first_step + self.graph.nodes[node].place);
        }
    }

    /// A frame is over: the next one opens, its container may go on, or the execution has ended.
    fn end(&mut self, frame: FrameIx) {
        self.enter(frame, Stage::Ended);
        let ending = self.frame(frame).ending.clone();
        let Some(owner) = self.state.frames[frame].owner else {
            self.decision.end = ending;
            return;
        };
        let item = self.state.frames[frame].index;
        let round = self.round(owner);
        round.ended += 1;
        if matches!(ending, Some(End::Failed { .. })) {
            round.failed += round.spill.map_or(1, |spill| spill.items_of(item));
        }
        if round.closing.is_none() && !round.rules.forgive(round.failed, round.items) {
            self.close(owner, Closing::Failed);
        }
        let round = *self.round(owner);
        if round.closing.is_none() && round.opened < round.items {
            self.open_next(owner);
        } else if round.ended == round.opened {
            match round.closing {
                Some(Closing::Cancelled) => self.cancel(owner),
                _ => {
                    self.decision.closed.push(owner);
                    if self.graph.chunk_of == Some(self.state.steps[owner].node) {
                        // What its items came to is what the execution comes to.
                        self.leave(owner);
                    }
                }
            }
        }
    }

    fn enter(&mut self, frame: FrameIx, stage: Stage) {
        self.frame(frame).stage = stage;
        self.decision.stages.push((frame, stage));
    }

    fn end_as(&mut self, frame: FrameIx, end: End) {
        self.frame(frame).ending = Some(end.clone());
        self.decision.endings.push((frame, end));
    }
}
