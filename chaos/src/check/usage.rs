//! 9. Usage equals the metered steps; quota counters equal usage once slices are settled.
//!
//! No node type of these graphs has a meter of its own, so no row of `usage` may be there.
//!
//! No workspace has a limit, so processes count what they start in memory, and tell it every few seconds. What a process
//! did not tell before it died, or told a database that went away, is missing; what it counted and could not write, though
//! somebody else has written it later, is counted twice. So counters may differ from the executions by so much for each
//! fault that hit a process which starts them: the API, and workers, which start what steps call. Where nothing of that
//! happened they are equal. When it is over and they are compared with the facts, as each night, they are equal again.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::Violation;
use crate::facts::Facts;
use crate::graphs::Kind;
use crate::inject::Struck;
use crate::plan::Fault;

/// Longest time between two times at which a process tells what it has started: five seconds (`NOTE_EVERY` of
/// `engine/src/store/slices.rs`), a look each second, and what the telling takes.
const TOLD_EVERY_MAX: TimeDelta = TimeDelta::seconds(7);

pub(super) fn check(facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    if facts.usage_rows > 0 {
        found.push(Violation::new(9, None, format!("{} rows of usage without a metered step", facts.usage_rows)));
    }
    let (started, in_vain) = (started(facts), in_vain(facts));
    for workspace in &facts.workspaces {
        let of_it = |counts: &HashMap<Uuid, i64>| counts.get(workspace).copied().unwrap_or_default();
        let starts = started.get(workspace);
        let (executions, doubtful) = starts.map_or((0, 0), |starts| (starts.count(), starts.doubtful(facts)));
        let (granted, reconciled) = (of_it(&facts.granted), of_it(&facts.reconciled));
        let may_be = executions - doubtful..=executions + doubtful + of_it(&in_vain);
        if !may_be.contains(&granted) {
            let what = format!(
                "workspace {workspace}: {granted} starts counted, {executions} executions, {doubtful} in doubt"
            );
            found.push(Violation::new(9, None, what));
        }
        if reconciled != executions {
            let what = format!("workspace {workspace}: {reconciled} starts counted anew, {executions} executions");
            found.push(Violation::new(9, None, what));
        }
    }
    found
}

/// When the executions of a workspace were started, in that order.
#[derive(Default)]
struct Starts {
    by_the_api: Vec<DateTime<Utc>>,
    by_workers: Vec<DateTime<Utc>>,
}

impl Starts {
    fn count(&self) -> i64 {
        (self.by_the_api.len() + self.by_workers.len()) as i64
    }

    /// Those that some process had not told of when a fault hit it: each time at most what was started between two times of
    /// telling.
    fn doubtful(&self, facts: &Facts) -> i64 {
        let near = |struck: &Struck| {
            let (from, until) = struck.outage.map_or((struck.at, struck.at), |outage| (outage.from, outage.until));
            let api = if hits_the_api(struck) { most_untold(&self.by_the_api, from, until) } else { 0 };
            api + if hits_workers(struck) { most_untold(&self.by_workers, from, until) } else { 0 }
        };
        facts.injected.struck.iter().map(near).sum()
    }
}

fn started(facts: &Facts) -> HashMap<Uuid, Starts> {
    let children: HashSet<Uuid> = facts.children.iter().map(|child| child.id).collect();
    let mut started = HashMap::<Uuid, Starts>::new();
    for (id, execution) in &facts.executions {
        let starts = started.entry(execution.workspace).or_default();
        let by = if children.contains(id) { &mut starts.by_workers } else { &mut starts.by_the_api };
        by.push(execution.created_at);
    }
    for starts in started.values_mut() {
        starts.by_the_api.sort_unstable();
        starts.by_workers.sort_unstable();
    }
    started
}

/// The most that were started between two times of telling, near that time, which may lie between them.
fn most_untold(starts: &[DateTime<Utc>], from: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
    let near = starts.iter().filter(|at| **at >= from - TOLD_EVERY_MAX && **at <= until + TOLD_EVERY_MAX);
    let near: Vec<DateTime<Utc>> = near.copied().collect();
    let span = TOLD_EVERY_MAX + (until - from);
    let since = |first: usize| near[first..].iter().take_while(|at| **at - near[first] <= span).count();
    (0..near.len()).map(since).max().unwrap_or_default() as i64
}

/// Calls that were counted and may not have been written, as their caller lost its worker; by workspace.
fn in_vain(facts: &Facts) -> HashMap<Uuid, i64> {
    let (by_id, mut called, mut in_vain) = (facts.by_id(), HashMap::<Uuid, usize>::new(), HashMap::new());
    for child in &facts.children {
        *called.entry(child.parent).or_default() += 1;
    }
    for (id, _) in &facts.told_losses {
        let Some(execution) = facts.executions.get(id) else { continue };
        let calls = |kind: &Kind| matches!(kind, Kind::Calls(_));
        let steps =
            by_id.get(id).map_or(0, |start| facts.spec(start).nodes.iter().filter(|it| calls(&it.kind)).count());
        let most = steps.max(called.get(id).copied().unwrap_or_default());
        *in_vain.entry(execution.workspace).or_default() += most as i64;
    }
    in_vain
}

fn hits_the_api(struck: &Struck) -> bool {
    struck.outage.is_some() || struck.loses_the_api()
}

/// A worker that leaves as it is told to tells all before.
fn hits_workers(struck: &Struck) -> bool {
    let spares = matches!(
        struck.fault,
        Fault::Drain | Fault::Clock { .. } | Fault::Expand | Fault::Hang { .. } | Fault::LostNotifications { .. }
    );
    struck.outage.is_some() || !(spares || struck.loses_the_api())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::database::Outage;
    use crate::graphs::Way;
    use crate::testing::{calls, calm, first, kill, second, time};

    fn granted(facts: &Facts, more: i64) -> usize {
        let workspace = facts.workspaces[0];
        let mut facts = facts.clone();
        *facts.granted.get_mut(&workspace).unwrap() += more;
        check(&facts).len()
    }

    /// A while in which the database was away, around the start of the second execution.
    fn outage() -> Struck {
        let outage = Outage { from: time(98), until: time(101) };
        Struck { outage: Some(outage), ..kill(second(), 1, 1) }
    }

    #[test]
    fn usage_without_a_metered_step_is_noticed() {
        let mut facts = calm();
        facts.usage_rows = 1;
        assert_eq!(check(&facts).len(), 1);
    }

    #[test]
    fn a_counter_that_is_not_usage_is_noticed() {
        let mut facts = calm();
        assert_eq!([0, 1, -1].map(|more| granted(&facts, more)), [0, 1, 1]);
        facts.injected.struck.push(kill(first(&facts), 1, 1));
        assert_eq!([1, -1].map(|more| granted(&facts, more)), [1, 1], "workers start nothing that is not called");
        facts.injected.struck.push(outage());
        assert_eq!(
            [1, 0, -1].map(|more| granted(&facts, more)),
            [0, 0, 0],
            "one start may not have been told, or twice"
        );
        assert_eq!([2, -2].map(|more| granted(&facts, more)), [1, 1], "a counter of 0 is none, whatever struck");
    }

    #[test]
    fn what_workers_start_is_in_doubt_near_faults_that_hit_them() {
        let mut facts = calls(Way::Awaited);
        assert_eq!([0, 1, -1].map(|more| granted(&facts, more)), [0, 1, 1]);
        facts.injected.struck.push(Struck { fault: Fault::Drain, ..kill(second(), 1, 1) });
        assert_eq!([1, -1].map(|more| granted(&facts, more)), [1, 1], "who leaves in order tells all");
        facts.injected.struck.push(kill(second(), 1, 1));
        assert_eq!([1, -1].map(|more| granted(&facts, more)), [0, 0]);
        assert_eq!([2, -2].map(|more| granted(&facts, more)), [1, 1], "no fault was near the second call");
        facts.told_losses.push((second(), 1));
        assert_eq!([2, -2].map(|more| granted(&facts, more)), [0, 1], "a caller that lost its worker calls again");
    }

    #[test]
    fn a_counter_that_was_counted_anew_is_exact_whatever_struck() {
        let mut facts = calm();
        facts.injected.struck.push(outage());
        let workspace = facts.workspaces[0];
        facts.reconciled.insert(workspace, 1);
        assert_eq!(check(&facts).len(), 1);
        facts.reconciled.clear();
        assert_eq!(check(&facts).len(), 1, "there is no counter");
    }

    #[test]
    fn a_process_tells_all_between_two_times_of_telling() {
        let starts: Vec<_> = [0, 6, 7, 8, 13, 40].map(time).into();
        assert_eq!(most_untold(&starts, time(10), time(10)), 4);
        assert_eq!(most_untold(&starts, time(10), time(40)), 5, "what is told in an outage is lost, too");
        assert_eq!(most_untold(&starts, time(60), time(60)), 0);
    }
}
