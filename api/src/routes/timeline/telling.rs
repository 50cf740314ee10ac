//! The stretches of one step, from what the journal says of it and from who worked on the execution.

use capstan_engine::core::journal::{Entry, Event, Resolution, SettledStatus};
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::StepStatus;
use chrono::{DateTime, Utc};

use super::crew::{Crew, Shift};
use super::{Stretch, StretchKind};
use crate::view::StepView;

/// The class of the error of an attempt whose worker was lost.
const LOST: &str = "worker_lost";

/// What is under way at a step, and what was before.
struct Telling<'a> {
    crew: &'a Crew,
    step: &'a StepView,
    kind: StretchKind,
    number: u32,
    from: DateTime<Utc>,
    /// When a wait is over at the latest.
    due: Option<DateTime<Utc>>,
    /// It is known to have begun.
    has_begun: bool,
    /// Who began it then; of the frames of a container nobody.
    beginner: Option<Shift<'a>>,
    told: Vec<Stretch>,
}

impl Crew {
    /// The stretches of a step, of which the journal says `entries`.
    pub(super) fn tell(&self, step: &StepView, entries: &[&(i32, Entry)]) -> Vec<Stretch> {
        let Some(from) = step.fired_at else { return Vec::new() };
        let mut telling = Telling {
            crew: self,
            step,
            kind: StretchKind::Attempt,
            number: 1,
            from,
            due: None,
            has_begun: false,
            beginner: None,
            told: Vec::new(),
        };
        for (position, Entry { at, event }) in entries {
            telling.hear(*at, event, self.writer(*position));
            if matches!(event, Event::Settled { .. }) {
                return telling.told;
            }
        }
        telling.rest();
        telling.told
    }
}

impl<'a> Telling<'a> {
    fn hear(&mut self, at: DateTime<Utc>, event: &Event, by: Option<Shift<'a>>) {
        match event {
            Event::Waiting { until, .. } => {
                self.end_wait(self.overdue(at, by).unwrap_or(at));
                self.take_up(at, by);
                self.begin(StretchKind::Wait, self.number, at);
                self.due = until.time;
            }
            Event::Signalled { .. } => self.end_wait(at),
            Event::AttemptFailed { attempt, error, retry_at, .. } => {
                self.end_wait(self.overdue(at, by).unwrap_or(at));
                self.number = *attempt;
                self.take_up(at, by);
                self.close(Some(at), StepStatus::Failed, Some(error.clone()), by);
                self.begin(StretchKind::Attempt, attempt + 1, *retry_at);
            }
            Event::Started { .. } => {
                self.end_wait(self.overdue(at, by).unwrap_or(at));
                self.take_up(at, by);
                (self.from, self.has_begun, self.beginner) = (at, true, by);
            }
            Event::Opened { .. } => {
                self.take_up(at, by);
                (self.has_begun, self.beginner) = (true, None);
            }
            Event::Hastened { .. } => self.from = self.from.min(at),
            Event::Resolved { resolution: Resolution::Retry { .. }, .. } => {
                if self.kind == StretchKind::Attempt && !self.has_begun {
                    self.tell_losses(by);
                }
                self.begin(StretchKind::Attempt, 1, at);
            }
            Event::Settled { settlement, .. } => {
                let status = match settlement.status {
                    SettledStatus::Completed => StepStatus::Completed,
                    SettledStatus::Failed => StepStatus::Failed,
                    SettledStatus::OutcomeUnknown => StepStatus::OutcomeUnknown,
                };
                if let Some(due) = self.overdue(at, by) {
                    self.end_wait(due);
                }
                self.take_up(at, by);
                self.close(Some(at), status, settlement.error.clone(), by);
            }
            _ => {}
        }
    }

    fn begin(&mut self, kind: StretchKind, number: u32, from: DateTime<Utc>) {
        (self.kind, self.number, self.from) = (kind, number, from);
        (self.due, self.has_begun, self.beginner) = (None, false, None);
    }

    /// A wait is over; what comes of it follows.
    fn end_wait(&mut self, at: DateTime<Utc>) {
        if self.kind == StretchKind::Wait {
            self.close(Some(at), StepStatus::Completed, None, None);
            self.begin(StretchKind::Attempt, self.number, at);
        }
    }

    /// When a wait was over, if that was before a worker took the execution up.
    fn overdue(&self, at: DateTime<Utc>, by: Option<Shift<'_>>) -> Option<DateTime<Utc>> {
        let taken_at = by?.claimed_at.min(at);
        self.due.filter(|&due| self.kind == StretchKind::Wait && due < taken_at)
    }

    /// Whoever wrote at `at` had taken an attempt up before: tells how long that took, and of those who were lost meanwhile.
    fn take_up(&mut self, at: DateTime<Utc>, by: Option<Shift<'a>>) {
        let Some(by) = by.filter(|_| self.kind == StretchKind::Attempt && !self.has_begun) else { return };
        self.from = self.crew.no_earlier(self.from).min(self.from.max(at));
        if self.from < at {
            self.tell_losses(Some(by));
            self.queue_until(by.claimed_at.min(at));
        }
    }

    fn tell_losses(&mut self, before: Option<Shift<'a>>) {
        let crew = self.crew;
        for (lost, lost_at) in crew.lost(self.from, before) {
            self.queue_until(lost.claimed_at);
            let reason = "the worker was lost while it had the execution; whoever takes it up makes the attempt again";
            let error = StepError { class: LOST.into(), reason: reason.into() };
            self.close(Some(lost_at), StepStatus::OutcomeUnknown, Some(error), Some(lost));
            self.from = lost_at;
        }
    }

    fn queue_until(&mut self, until: DateTime<Utc>) {
        if until > self.from {
            self.push(StretchKind::Queued, Some(until), StepStatus::Completed);
            self.from = until;
        }
    }

    /// What has no end in the journal: the execution ended first, or it lasts.
    fn rest(&mut self) {
        let (crew, status) = (self.crew, self.step.status);
        if let Some(to) = self.step.settled_at {
            let by = crew.last_at(to).filter(|_| self.from < to);
            self.take_up(to, by);
            return self.close(Some(to), status, None, by);
        }
        let is_ready = match self.kind {
            StretchKind::Wait => self.due.is_some_and(|due| due <= crew.now),
            _ => !self.has_begun && self.from <= crew.now,
        };
        match crew.holder().filter(|_| is_ready) {
            Some(by) => {
                if let Some(due) = self.overdue(crew.now, Some(by)) {
                    self.end_wait(due);
                }
                self.take_up(crew.now, Some(by));
                let is_tried = self.kind == StretchKind::Attempt;
                self.close(None, if is_tried { StepStatus::Running } else { status }, None, Some(by));
            }
            None if is_ready && crew.is_queued => {
                if let Some(due) = self.due {
                    self.end_wait(due);
                }
                self.from = crew.no_earlier(self.from);
                self.tell_losses(None);
                self.push(StretchKind::Queued, None, StepStatus::Waiting);
            }
            None => self.close(None, status, None, None),
        }
    }

    /// Tells of what is under way, with its end if it has one.
    fn close(
        &mut self,
        to: Option<DateTime<Utc>>,
        status: StepStatus,
        error: Option<StepError>,
        by: Option<Shift<'a>>,
    ) {
        let by = if self.has_begun { self.beginner } else { by }.filter(|_| self.kind == StretchKind::Attempt);
        self.push(self.kind, to, status);
        if let Some(told) = self.told.last_mut() {
            (told.error, told.worker) = (error, by.and_then(Shift::worker));
        }
    }

    fn push(&mut self, kind: StretchKind, to_at: Option<DateTime<Utc>>, status: StepStatus) {
        self.told.push(Stretch {
            node_id: self.step.node_id.clone(),
            scope: self.step.scope.clone(),
            kind,
            number: (kind != StretchKind::Wait).then_some(self.number),
            // Whoever cancels does not wait for the next attempt.
            from_at: to_at.map_or(self.from, |to| self.from.min(to)),
            to_at,
            status,
            error: None,
            worker: None,
        });
    }
}
