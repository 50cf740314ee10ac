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

const fn fold(name: &'static str, find: &'static str, replace: &'static str) -> Mutation {
    Mutation { name, file: "fold.rs", find, replace }
}

pub(crate) const MUTATIONS: &[Mutation] = &[
    decide(
        "a join over all edges fires at the first one",
        "None if inbound.open == 0 && inbound.taken > 0",
        "None if inbound.taken > 0",
    ),
    decide(
        "a join over any edge waits for all of them",
        "Some(wanted) if inbound.taken >= wanted",
        "Some(wanted) if inbound.open == 0 && inbound.taken >= wanted",
    ),
    decide(
        "a join is skipped while edges are still open",
        "None if inbound.open == 0 => Verdict::Skip",
        "None if inbound.taken == 0 => Verdict::Skip",
    ),
    decide(
        "a join that cannot reach its n is not skipped",
        "Some(wanted) if inbound.taken + inbound.open < wanted",
        "Some(wanted) if inbound.taken + inbound.open < 1.min(wanted)",
    ),
    decide(
        "a join cancels the step that it was fired by",
        "    draft.decided.push(node);\n",
        "",
    ),
    decide(
        "the losers of a join lead to a further start",
        "            self.decided.push(loser);\n            if is_active",
        "            if is_active",
    ),
    decide(
        "a skip is not passed on",
        "                    doomed.push(target);\n",
        "                    self.decided.push(target);\n",
    ),
    decide(
        "a step fires again for each late edge",
        "if self.state.steps[target].status != StepStatus::Pending || self.decided.contains(&target)",
        "if self.decided.contains(&target)",
    ),
    decide(
        "a step that has settled takes further entries",
        "if state.steps[node].is_active() { Ok(node) }",
        "if state.steps[node].fired_at.is_some() { Ok(node) }",
    ),
    decide("an edge whose condition does not hold is taken", " && !closed.contains(&self.graph.edges[edge].id)", ""),
    decide(
        "an error edge is taken by a step that completed",
        "EdgeKind::Error { .. } => false,",
        "EdgeKind::Error { .. } => true,",
    ),
    decide(
        "a flow edge is taken by a step that failed",
        "self.resolve(edge, self.graph.edges[edge].kind.takes_error(class));",
        "self.resolve(edge, matches!(self.graph.edges[edge].kind, EdgeKind::Flow { .. }));",
    ),
    decide(
        "an error edge takes every class",
        "classes.is_empty() || classes.iter().any(|known| known == class)",
        "classes.len() < 9 || classes.iter().any(|known| known == class)",
    ),
    decide(
        "a failure that nothing takes does not end the execution",
        "            if !graph.handles_error(node, &error.class) {",
        "            if graph.nodes.is_empty() {",
    ),
    decide(
        "the end is forgotten after a failure that was taken",
        "            draft.fail(node, &error.class);\n",
        "            draft.fail(node, &error.class);\n            return Ok(draft.finish(state.active));\n",
    ),
    decide(
        "the execution ends while others still run",
        "if active + decision.start.len() == 0 {",
        "if decision.start.is_empty() {",
    ),
    decide(
        "other triggers are not skipped",
        "graph.triggers().filter(|&ix| ix != node)",
        "graph.triggers().filter(|&ix| ix != node && graph.nodes.is_empty())",
    ),
    decide(
        "steps that run are not cancelled at the end",
        "Ok(stop(state, Some(node), End::Failed { step, error }))",
        "Ok(Decision { end: Some(End::Failed { step, error }), ..Decision::default() })",
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
        "            if !may_run(&state.steps[node]) {",
        "            if state.steps.is_empty() {",
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
    fold(
        "a cancelled step stays as it was",
        "            self.steps[node].end(StepStatus::Cancelled, at);\n",
        "            self.steps[node].settled_at = Some(at);\n",
    ),
    fold("a skipped node stays undecided", "self.steps[node].status = StepStatus::Skipped;", "let _ = node;"),
    fold(
        "failed attempts are not counted",
        "                step.attempts = attempt;\n",
        "                let _ = attempt;\n",
    ),
    fold(
        "resolved edges are not counted at their target",
        "            self.steps[graph.edges[edge].target].inbound.resolve(to);\n",
        "            let _ = graph;\n",
    ),
    fold("the end is not kept", "if decision.end.is_some() {", "if decision.edges.len() > 999 {"),
];
