//! The faults that are planted, one at a time. Each `find` stands exactly once in its file.

/// One change of the core's source that must not go unnoticed.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    /// Within `src/core`.
    pub(crate) file: &'static str,
    pub(crate) find: &'static str,
    pub(crate) replace: &'static str,
}

const fn decide(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "decide.rs", find, replace }
}

const fn draft(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "draft.rs", find, replace }
}

const fn ending(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "ending.rs", find, replace }
}

const fn fold(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "fold.rs", find, replace }
}

const fn resolve(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "resolve.rs", find, replace }
}

pub(crate) const MUTATIONS: &[Mutation] = &[
    draft(
        "a join over all edges fires at the first one",
        "None if inbound.open == 0 && inbound.taken > 0",
        "None if inbound.taken > 0",
    ),
    draft(
        "a join over any edge waits for all of them",
        "Some(wanted) if inbound.taken >= wanted",
        "Some(wanted) if inbound.open == 0 && inbound.taken >= wanted",
    ),
    draft(
        "a join is skipped while edges are still open",
        "None if inbound.open == 0 => Verdict::Skip",
        "None if inbound.taken == 0 => Verdict::Skip",
    ),
    draft(
        "a join that cannot reach its n is not skipped",
        "Some(wanted) if inbound.taken + inbound.open < wanted",
        "Some(wanted) if inbound.taken + inbound.open < 1.min(wanted)",
    ),
    draft(
        "the losers of a join lead to a further start",
        "            } else if step.is_pending() {\n                self.decided.insert(loser);\n",
        "            } else if step.is_pending() {\n",
    ),
    draft(
        "a skip is not passed on",
        "doomed.extend(self.record(step, edge, EdgeState::Skipped));",
        "let passed = self.record(step, edge, EdgeState::Skipped);\n                self.decided.extend(passed);",
    ),
    draft(
        "a step fires again for each late edge",
        "if !self.state.steps[target].is_pending() || self.decided.contains(&target)",
        "if self.decided.contains(&target)",
    ),
    draft("an edge whose condition does not hold is taken", " && !closed.contains(&self.graph.edges[edge].id)", ""),
    draft(
        "an error edge is taken by a step that completed",
        "EdgeKind::Error { .. } | EdgeKind::Undo => false,",
        "EdgeKind::Error { .. } | EdgeKind::Undo => true,",
    ),
    draft(
        "a flow edge is taken by a step that failed",
        "self.resolve(step, edge, self.graph.edges[edge].kind.takes_error(class));",
        "self.resolve(step, edge, matches!(self.graph.edges[edge].kind, EdgeKind::Flow { .. }));",
    ),
    draft(
        "the execution ends while others still run",
        "        self.frame(frame).active -= 1;\n        self.touched.insert(frame);",
        "        self.frame(frame).active = 0;\n        self.touched.insert(frame);",
    ),
    decide(
        "a step that has settled takes further entries",
        "step if !step.is_active() => Err",
        "step if step.fired_at.is_none() => Err",
    ),
    decide(
        "an error edge takes every class",
        "classes.is_empty() || classes.iter().any(|known| known == class)",
        "classes.len() < 9 || classes.iter().any(|known| known == class)",
    ),
    decide(
        "a failure that nothing takes does not end the execution",
        "            if graph.handles_error(state.steps[step].node, &error.class) {",
        "            if !graph.nodes.is_empty() {",
    ),
    decide(
        "something follows from a step of a frame that is ending",
        "node.part == Part::Main && state.frames[frame].ending.is_some()",
        "node.part == Part::Main && state.frames[frame].active == 999",
    ),
    decide(
        "other triggers are not skipped",
        "graph.triggers().filter(|&ix| ix != node)",
        "graph.triggers().filter(|&ix| ix != node && graph.nodes.is_empty())",
    ),
    decide("an incident lets other entries pass", "_ if state.incident.is_some() =>", "_ if state.end.is_some() =>"),
    decide(
        "a failed attempt is counted twice",
        "may_run(step) && step.attempts + 1 == *attempt",
        "may_run(step) && step.attempts <= *attempt",
    ),
    decide("a step starts twice in one attempt", "may_run(step) && step.phase != Phase::Started", "may_run(step)"),
    decide(
        "a step that waits for a signal settles without it",
        "Phase::Waiting(until) => until.time.is_some(),",
        "Phase::Waiting(_) => true,",
    ),
    decide(
        "a signal wakes a step that waits for none",
        "Phase::Waiting(until) if until.signal.is_some());",
        "Phase::Waiting(_));",
    ),
    decide(
        "an execution begins at a step",
        "if !graph.triggers().any(|ix| ix == node) {",
        "if graph.nodes.is_empty() {",
    ),
    ending(
        "chunks that are needed no more are not told",
        "            self.decision.recalled.push(step);\n",
        "            self.cancel(step);\n",
    ),
    draft(
        "items that failed in a chunk do not count",
        "self.round(owner).failed += settlement.failed_items;",
        "self.round(owner).failed += 0;",
    ),
    ending(
        "steps that run are not cancelled at the end",
        "                self.withdraw(step);\n",
        "                self.decided.insert(step);\n",
    ),
    ending(
        "a running step that can be undone is not awaited",
        "*status != StepStatus::Running || self.node(step).undo.is_none()",
        "*status != StepStatus::Running || self.node(step).undo.is_none_or(|_| true)",
    ),
    ending("what was done first is undone first", "state.undoable.iter().rev().map", "state.undoable.iter().map"),
    ending(
        "what was done in frames below is not undone",
        "any(|around| around == frame)",
        "take(1).any(|around| around == frame)",
    ),
    ending(
        "an execution that completed is undone",
        "if !undoes || self.frame(frame).ending == Some(End::Completed)",
        "if !undoes || self.frame(frame).ending.is_none()",
    ),
    ending(
        "what runs at last is left out",
        "            self.fire_finally(frame);\n",
        "            let _ = Self::fire_finally;\n",
    ),
    ending(
        "a frame that winds up forgets its container",
        "                Some(Closing::Cancelled) => self.cancel(owner),\n",
        "                Some(Closing::Cancelled) => {}\n",
    ),
    ending(
        "frames go on opening after a failure",
        "if round.closing.is_none() && !round.rules.forgive(round.failed, round.items)",
        "if round.closing.is_none() && round.failed > 999 + round.rules.parallel",
    ),
    ending(
        "a failing undo is passed over in silence",
        "                return self.decision;\n",
        "                self.decision.incident = None;\n",
    ),
    fold(
        "a cancelled step stays as it was",
        "            self.steps[step].end(StepStatus::Cancelled, at);\n",
        "            self.steps[step].settled_at = Some(at);\n",
    ),
    fold("a skipped node stays undecided", "self.steps[step].status = StepStatus::Skipped;", "let _ = step;"),
    fold(
        "failed attempts are not counted",
        "                step.attempts = attempt;\n",
        "                let _ = attempt;\n",
    ),
    fold(
        "resolved edges are not counted at their target",
        "            self.steps[first_step + graph.nodes[edge.target].place].inbound.resolve(to);\n",
        "            let _ = first_step;\n",
    ),
    fold("the end is not kept", "if decision.end.is_some() {", "if decision.edges.len() > 999 {"),
    decide(
        "a time that a node waits for is skipped",
        "|step| matches!(step.phase, Phase::Backoff(_)))?],",
        "|step| step.phase != Phase::Ready)?],",
    ),
    fold(
        "a cancel waits for whoever paused",
        "self.consumed.extend(signal_id);\n                self.paused = None;",
        "self.consumed.extend(signal_id);",
    ),
    Mutation {
        name: "a signal wakes a paused execution",
        file: "state.rs",
        find: "        self.movable_steps()\n            .find(",
        replace: "        self.active_steps()\n            .find(",
    },
    resolve(
        "a person says what becomes of any step",
        "if !state.concerned().contains(&ix) {",
        "if state.steps.is_empty() {",
    ),
    resolve(
        "an undo that is tried again is not waited for",
        "self.frames[frame].active += 1;",
        "self.frames[frame].active += 0;",
    ),
    resolve("what is tried again has used up its attempts", "step.attempts = 0;", "step.attempts += 0;"),
    resolve(
        "nothing follows an undo that is given up",
        "draft.touched.insert(state.waits_for(graph, undo));",
        "draft.touched.clear();",
    ),
    resolve(
        "an undo that is given up runs again",
        "if *resolution == Resolution::Fail {\n                return;",
        "if self.steps.is_empty() {\n                return;",
    ),
    resolve(
        "an incident is resolved without a step",
        "(None, Resolution::Retry { config: None }) =>",
        "(_, Resolution::Retry { .. }) =>",
    ),
];
