//! What a backtest comes to, all executions together.

use std::collections::{BTreeMap, BTreeSet};

use capstan_engine::core::simulate::Change;
use schemars::JsonSchema;
use serde::Serialize;

use super::judge::{Judged, Verdict};

/// Most changes that are listed.
const CHANGES_MAX: usize = 100;

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "BacktestTotals")]
pub(crate) struct Totals {
    executions: usize,
    same: usize,
    changed: usize,
    unclear: usize,
    /// Of those that are clear: what is recorded is not what a simulation on their own version comes to.
    inexact: usize,
    /// Not looked at, as the time was up.
    left_out: usize,
    /// What happens most first.
    changes: Vec<Count>,
}

/// In how many executions a node changes so.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BacktestChange")]
pub(crate) struct Count {
    node_id: String,
    #[schemars(with = "crate::openapi::shapes::Change")]
    change: Change,
    executions: usize,
}

pub(super) fn totals(judged: &[Judged], left_out: usize) -> Totals {
    let count = |verdict| judged.iter().filter(|one| one.verdict == verdict).count();
    let is_inexact = |one: &&Judged| one.verdict != Verdict::Unclear && !one.exact;
    Totals {
        executions: judged.len(),
        same: count(Verdict::Same),
        changed: count(Verdict::Changed),
        unclear: count(Verdict::Unclear),
        inexact: judged.iter().filter(is_inexact).count(),
        left_out,
        changes: changes(judged),
    }
}

/// Each node counts once in an execution, in however many frames it has changed so.
fn changes(judged: &[Judged]) -> Vec<Count> {
    let mut counts: BTreeMap<(&str, Change), usize> = BTreeMap::new();
    for one in judged {
        let node = |step: &'_ str| step.rfind('/').map_or(0, |at| at + 1);
        let all = one.differences.iter().map(|it| (&it.step[node(&it.step)..], it.change));
        for change in all.collect::<BTreeSet<_>>() {
            *counts.entry(change).or_default() += 1;
        }
    }
    let count = |((node_id, change), executions): ((&str, Change), usize)| Count {
        node_id: node_id.to_owned(),
        change,
        executions,
    };
    let mut all: Vec<Count> = counts.into_iter().map(count).collect();
    all.sort_by_key(|count| std::cmp::Reverse(count.executions));
    all.truncate(CHANGES_MAX);
    all
}
