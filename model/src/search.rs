//! The search for an order of one execution's facts that the model allows.

use std::collections::{BTreeSet, HashSet};

use crate::event::Event;
use crate::replay::ReplayError;
use crate::replica::{Cast, Refusal, Replica};

/// Orders that are tried for one execution.
const TRIES_MAX: usize = 200_000;

/// A line of a trace.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) since: u64,
    /// The last moment at which it can have taken effect; none if it may never have.
    pub(crate) until: Option<u64>,
    pub(crate) event: &'a Event,
}

impl Line<'_> {
    /// The last moment at which it can have taken effect, if it ever has.
    pub(crate) fn end(&self) -> u64 {
        self.until.unwrap_or(u64::MAX)
    }
}

/// A partial order of the lines: all before `low`, and `early` ones after it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Prefix {
    low: usize,
    early: BTreeSet<usize>,
    replica: Replica,
}

impl Prefix {
    /// The lines that may come next, those first that were answered first.
    fn candidates<'a>(&'a self, lines: &'a [Line<'_>]) -> impl Iterator<Item = usize> + 'a {
        let open = (self.low..lines.len()).filter(|at| !self.early.contains(at));
        let horizon = lines.get(self.low).map_or(u64::MAX, Line::end);
        open.filter(move |&at| lines[at].since <= horizon)
    }

    fn with(mut self, at: usize) -> Self {
        self.early.insert(at);
        while self.early.remove(&self.low) {
            self.low += 1;
        }
        self
    }

    /// Whether only such lines are left as may never have taken effect.
    fn is_complete(&self, lines: &[Line<'_>]) -> bool {
        lines.get(self.low).is_none_or(|line| line.until.is_none())
    }
}

/// Looks for an order that the model allows, first of all that of the answers.
pub(crate) fn search(execution: &str, mut lines: Vec<Line<'_>>, cast: &Cast) -> Result<(), ReplayError> {
    lines.sort_by_key(|line| (line.end(), line.since, line.number));
    let apply = |replica: &mut Replica, line: &Line<'_>| replica.apply(&line.event.fact, line.until.is_some(), cast);
    let mut open = vec![Prefix::default()];
    let mut seen = HashSet::new();
    let mut furthest: Option<(usize, Refusal)> = None;
    while let Some(mut prefix) = open.pop() {
        while !prefix.is_complete(&lines) {
            let candidates: Vec<usize> = prefix.candidates(&lines).collect();
            let (low, mut next) = (prefix.low, Vec::new());
            // Of requests that were repeated and never answered, those that came first are as good.
            let is_repeated = |at: usize| {
                let mut before = candidates.iter().take_while(|&&before| before != at);
                let same = |&&before: &&usize| {
                    lines[before].until.is_none() && lines[before].event.fact == lines[at].event.fact
                };
                lines[at].until.is_none() && before.any(|before| same(&before))
            };
            for at in candidates.iter().copied().skip(1).filter(|&at| !is_repeated(at)).rev() {
                let mut replica = prefix.replica.clone();
                // What may never have happened, and would change nothing, need not be tried.
                let matters = |replica: &Replica| lines[at].until.is_some() || *replica != prefix.replica;
                if apply(&mut replica, &lines[at]).is_ok() && matters(&replica) {
                    next.push(Prefix { replica, ..prefix.clone() }.with(at));
                }
            }
            open.extend(next.into_iter().filter(|prefix| seen.insert(prefix.clone())));
            // The line that was answered first comes first, in place: mostly it is the only one.
            if let Err(refusal) = apply(&mut prefix.replica, &lines[low]) {
                if furthest.as_ref().is_none_or(|(before, _)| low > *before) {
                    furthest = Some((low, refusal));
                }
                break;
            }
            prefix = prefix.with(low);
            if seen.len() >= TRIES_MAX {
                return Err(ReplayError::Ambiguous { line: lines[low].number, execution: execution.to_owned() });
            }
        }
        if prefix.is_complete(&lines) {
            return Ok(());
        }
    }
    match furthest {
        Some((at, refusal)) => {
            Err(ReplayError::NotAllowed { line: lines[at].number, execution: execution.to_owned(), refusal })
        }
        None => Ok(()),
    }
}
