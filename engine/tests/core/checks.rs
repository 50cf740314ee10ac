//! What must hold after every entry.

use capstan_engine::core::decide::{Decision, decide};
use capstan_engine::core::graph::{Graph, NodeIx};
use capstan_engine::core::ids::NodeId;
use capstan_engine::core::journal::{Entry, Event, Settlement};
use capstan_engine::core::outcome::StepError;
use capstan_engine::core::state::{EdgeState, End, Phase, State, StepStatus};
use chrono::{DateTime, Utc};

use crate::driver::Driver;
use crate::fate;
use crate::oracle::{Ended, Oracle, Picture};
use crate::spec::Spec;

pub(crate) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

fn is_active(status: StepStatus) -> bool {
    matches!(status, StepStatus::Running | StepStatus::Waiting)
}

/// The graph's index of a node of the case; documents are drawn in another order.
pub(crate) fn index(spec: &Spec, graph: &Graph, node: usize) -> NodeIx {
    graph.find(&NodeId::from(spec.nodes[node].id.as_str())).expect("every node of the case is in the graph")
}

/// The decision names just what differs between the two pictures, and fires no step twice.
pub(crate) fn decision(driver: &mut Driver<'_>, before: &Picture, entry: &Entry, got: &Decision) -> Result<(), String> {
    let in_backoff = |node: &usize| {
        let step = driver.state.step(index(driver.spec, driver.graph, *node));
        matches!(step.phase, Phase::Backoff(_))
    };
    let woken: Vec<usize> = match &entry.event {
        Event::Hastened { step: None, .. } => (0..driver.spec.nodes.len()).filter(in_backoff).collect(),
        Event::Signalled { step, .. }
        | Event::Resolved { step: Some(step), .. }
        | Event::Hastened { step: Some(step), .. } => driver.spec.find(step.node_id.as_str()).into_iter().collect(),
        _ => Vec::new(),
    };
    difference(driver.spec, driver.graph, Some(before), &driver.oracle, &woken, got)?;
    let woken: Vec<NodeIx> = woken.into_iter().map(|node| index(driver.spec, driver.graph, node)).collect();
    for &node in got.start.iter().filter(|node| !woken.contains(node)) {
        ensure(!driver.fired[node], || format!("{} was fired twice", driver.graph.nodes[node].id))?;
        driver.fired[node] = true;
    }
    Ok(())
}

/// The same for the start of an execution.
pub(crate) fn beginning(
    spec: &Spec,
    graph: &Graph,
    oracle: &Oracle<'_>,
    got: &Decision,
    fired: &mut [bool],
) -> Result<(), String> {
    difference(spec, graph, None, oracle, &[], got)?;
    got.start.iter().for_each(|&node| fired[node] = true);
    Ok(())
}

fn difference(
    spec: &Spec,
    graph: &Graph,
    before: Option<&Picture>,
    oracle: &Oracle<'_>,
    woken: &[usize],
    got: &Decision,
) -> Result<(), String> {
    let after = &oracle.picture;
    let became = |wanted: &dyn Fn(StepStatus, StepStatus) -> bool| {
        let earlier = |node: usize| before.map_or(StepStatus::Pending, |picture| picture.steps[node]);
        let nodes = (0..spec.nodes.len()).filter(|&node| wanted(earlier(node), after.steps[node]));
        let mut found: Vec<_> = nodes.map(|node| index(spec, graph, node)).collect();
        found.sort_unstable();
        found
    };
    let mut start = became(&|old, new| old == StepStatus::Pending && is_active(new));
    start.extend(woken.iter().map(|&node| index(spec, graph, node)));
    start.sort_unstable();
    let skipped = became(&|old, new| old == StepStatus::Pending && new == StepStatus::Skipped);
    let cancelled = became(&|old, new| is_active(old) && new == StepStatus::Cancelled);
    ensure(start == got.start, || format!("starts {:?}, not {start:?}", got.start))?;
    ensure(skipped == got.skipped, || format!("skips {:?}, not {skipped:?}", got.skipped))?;
    ensure(cancelled == got.cancelled, || format!("cancels {:?}, not {cancelled:?}", got.cancelled))?;
    let mut edges: Vec<_> = got.edges.iter().map(|&(_, edge, state)| (edge, state)).collect();
    edges.sort_unstable_by_key(|(edge, _)| *edge);
    let open = |edge: usize| before.is_none_or(|picture| picture.edges[edge] != after.edges[edge]);
    let resolved = after.edges.iter().copied().enumerate();
    let wanted: Vec<_> = resolved.filter(|&(edge, state)| open(edge) && state != EdgeState::Open).collect();
    ensure(edges == wanted, || format!("resolves edges {edges:?}, not {wanted:?}"))?;
    end(got.end.as_ref(), oracle, spec)
}

fn end(got: Option<&End>, oracle: &Oracle<'_>, spec: &Spec) -> Result<(), String> {
    let same = match (got, &oracle.picture.ended) {
        (None, None) | (Some(End::Completed), Some(Ended::Completed)) => true,
        (Some(End::Cancelled { .. }), Some(Ended::Cancelled)) => true,
        (Some(End::Failed { step: None, error }), Some(Ended::TimedOut)) => error.class == "execution_timeout",
        (Some(End::Failed { step: Some(step), error }), Some(Ended::Failed(node, class))) => {
            step.node_id.as_str() == spec.nodes[*node].id && error.class == *class
        }
        _ => false,
    };
    ensure(same, || format!("ends as {got:?}, not {:?}", oracle.picture.ended))
}

/// The state says the same as the oracle, step by step and edge by edge.
pub(crate) fn state(
    spec: &Spec,
    graph: &Graph,
    oracle: &Oracle<'_>,
    state: &State,
    now: DateTime<Utc>,
) -> Result<(), String> {
    for node in 0..spec.nodes.len() {
        let step = state.step(index(spec, graph, node));
        let id = &spec.nodes[node].id;
        let wanted = oracle.picture.steps[node];
        ensure(step.status == wanted, || format!("{id} is {:?}, not {wanted:?}", step.status))?;
        ensure(step.phase == *oracle.phase(node), || format!("{id} does {:?}", step.phase))?;
        ensure(step.attempts == oracle.attempts(node), || format!("{id} has {} attempts", step.attempts))?;
        let fired = step.fired_at.is_some() == !matches!(wanted, StepStatus::Pending | StepStatus::Skipped);
        ensure(fired, || format!("{id} is {wanted:?} and was fired at {:?}", step.fired_at))?;
        if let Some(settlement) = oracle.settlement(node) {
            let same = step.port == settlement.port && step.output == settlement.output;
            ensure(same && step.error == settlement.error, || format!("{id} settled as {step:?}"))?;
        }
    }
    ensure(state.edges(graph, 0) == oracle.picture.edges, || format!("edges are {:?}", state.edges(graph, 0)))?;
    ensure(state.position() == oracle.position, || format!("position is {}", state.position()))?;
    ensure(state.incident().is_some() == oracle.incident, || format!("incident is {:?}", state.incident()))?;
    end(state.end(), oracle, spec)?;
    wake_ups(spec, graph, oracle, state, now)
}

/// What may run, and when the next one may, follow from what the steps are doing.
fn wake_ups(spec: &Spec, graph: &Graph, oracle: &Oracle<'_>, state: &State, now: DateTime<Utc>) -> Result<(), String> {
    let mut due: Vec<(NodeIx, DateTime<Utc>)> = Vec::new();
    // What is paused waits for nothing but a person.
    for node in (0..spec.nodes.len()).filter(|_| !oracle.paused) {
        let time = match oracle.phase(node) {
            Phase::Idle | Phase::Open => None,
            Phase::Ready | Phase::Signalled(_) | Phase::Started | Phase::Closed => Some(DateTime::<Utc>::MIN_UTC),
            Phase::Backoff(at) => Some(*at),
            Phase::Waiting(until) => until.time,
        };
        due.extend(time.map(|time| (index(spec, graph, node), time)));
    }
    due.sort_unstable();
    let next = due.iter().map(|(_, time)| *time).min();
    ensure(state.next_due() == next, || format!("next due is {:?}, not {next:?}", state.next_due()))?;
    for at in [now, next.unwrap_or(now), DateTime::<Utc>::MAX_UTC] {
        let wanted = due.iter().filter(|(_, time)| *time <= at).map(|(node, _)| *node);
        ensure(state.runnable(at).eq(wanted), || {
            format!("runnable at {at} are {:?}", state.runnable(at).collect::<Vec<_>>())
        })?;
    }
    Ok(())
}

/// What an attempt is recorded as is what its plan foretells.
pub(crate) fn attempt(spec: &Spec, node: usize, event: &Event, now: DateTime<Utc>) -> Result<(), String> {
    match event {
        Event::Settled { settlement, .. } => {
            let mut got = Settlement { error: settlement.error.clone(), ..settlement.clone() };
            got.error.iter_mut().for_each(|error| error.reason.clear());
            got.closed_edges.sort();
            let mut wanted = fate::settlement(spec, node);
            wanted.closed_edges.sort();
            ensure(got == wanted, || format!("{} settles as {got:?}, not {wanted:?}", spec.nodes[node].id))
        }
        Event::AttemptFailed { attempt, retry_at, .. } => {
            let spare = *attempt < spec.nodes[node].attempts_max && *retry_at >= now;
            ensure(spare, || format!("attempt {attempt} is followed by another at {retry_at}"))
        }
        _ => Ok(()),
    }
}

/// Two entries about different steps, of which neither needs the other, lead to the same in either order.
pub(crate) fn neighbours_commute(driver: &Driver<'_>) -> Result<(), String> {
    let ([.., origin, _, _], [.., first, second]) = (driver.history.as_slice(), driver.journal.as_slice()) else {
        return Ok(());
    };
    let (Some(one), Some(other)) = (first.event.step(), second.event.step()) else { return Ok(()) };
    let Ok(decision) = decide(driver.graph, origin, second) else { return Ok(()) };
    // Where a join cuts others off, the first one wins.
    let cuts = driver.spec.nodes.iter().any(|node| node.cuts);
    if cuts || one == other || decision.end.is_some() || matches!(driver.state.end(), Some(End::Failed { .. })) {
        return Ok(());
    }
    let mut state = origin.clone();
    state.apply(driver.graph, second.clone(), &decision);
    let decision = decide(driver.graph, &state, first).map_err(|refusal| format!("in the other order: {refusal}"))?;
    state.apply(driver.graph, first.clone(), &decision);
    same_but_for_times(driver.graph, &driver.state, &state)
}

/// Two states agree on everything but when it happened.
pub(crate) fn same_but_for_times(graph: &Graph, one: &State, other: &State) -> Result<(), String> {
    for (ix, node) in graph.nodes.iter().enumerate() {
        let (a, b) = (one.step(ix), other.step(ix));
        let same = (a.status, &a.phase, a.attempts) == (b.status, &b.phase, b.attempts)
            && (&a.port, &a.output, &a.error) == (&b.port, &b.output, &b.error);
        ensure(same, || format!("the order matters to {}: {a:?} or {b:?}", node.id))?;
    }
    ensure(one.edges(graph, 0) == other.edges(graph, 0), || "the order matters to the edges".into())?;
    ensure(one.end() == other.end(), || format!("the order matters to the end: {:?} or {:?}", one.end(), other.end()))
}

/// The end is the one that was foretold from the plans alone.
pub(crate) fn foretold(spec: &Spec, graph: &Graph, wanted: &Oracle<'_>, got: &State) -> Result<(), String> {
    end(got.end(), wanted, spec)?;
    ensure(got.edges(graph, 0) == wanted.picture.edges, || "other edges were taken than foretold".into())?;
    for node in 0..spec.nodes.len() {
        let step = got.step(index(spec, graph, node));
        let settlement = wanted.settlement(node);
        let same = step.status == wanted.picture.steps[node]
            && settlement.is_none_or(|settlement| {
                let class = |error: &Option<StepError>| error.as_ref().map(|error| error.class.clone());
                step.port == settlement.port
                    && step.output == settlement.output
                    && step.attempts == settlement.attempts
                    && class(&step.error) == class(&settlement.error)
            });
        ensure(same, || format!("{} ended as {step:?}, foretold was {settlement:?}", spec.nodes[node].id))?;
    }
    Ok(())
}
