//! Decision diagrams: which cases are possible, as functions of variables that each have a few values.
//!
//! Equal functions are the same [`Cases`], so whether something is possible at all is one comparison.

use std::collections::HashMap;
use std::rc::Rc;

/// A set of cases: an index into the diagrams.
pub(super) type Cases = usize;
/// A variable: what comes later in the graph has a larger one.
pub(super) type Variable = usize;

/// In no case.
pub(super) const NEVER: Cases = 0;
/// In all cases.
pub(super) const ALWAYS: Cases = 1;

/// Most variables of one body; bounds how deep the diagrams are.
pub(super) const VARIABLES_MAX: usize = 1_000;
/// Most work for one question.
const SHARE_MAX: u64 = 100_000;
/// Variable of the two constants, behind all others.
const NONE: Variable = usize::MAX;

/// A question takes more work than it may.
#[derive(Debug)]
pub(super) struct Spent;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    And,
    Or,
    Without,
}

pub(super) struct Diagrams {
    /// How many values each variable has.
    values: Vec<usize>,
    /// The variable that decides, and what then is left for each of its values.
    branches: Vec<(Variable, Rc<[Cases]>)>,
    known: HashMap<(Variable, Rc<[Cases]>), Cases>,
    done: HashMap<(Op, Cases, Cases), Cases>,
    work_done: u64,
    work_max: u64,
    /// The work at which the present question has had its share.
    share_ends: u64,
}

impl Diagrams {
    pub(super) fn new(work_max: u64) -> Self {
        let constant = || (NONE, Rc::from([]));
        Self {
            values: Vec::new(),
            branches: vec![constant(), constant()],
            known: HashMap::new(),
            done: HashMap::new(),
            work_done: 0,
            work_max,
            share_ends: SHARE_MAX,
        }
    }

    /// What follows is another question, with work of its own.
    pub(super) fn next_question(&mut self) {
        self.share_ends = self.work_done + SHARE_MAX;
    }

    pub(super) fn work_done(&self) -> u64 {
        self.work_done
    }

    pub(super) fn variable(&mut self, values: usize) -> Result<Variable, Spent> {
        if self.values.len() >= VARIABLES_MAX {
            return Err(Spent);
        }
        self.values.push(values);
        Ok(self.values.len() - 1)
    }

    /// The cases in which the variable has one of the values that `holds`.
    pub(super) fn is(&mut self, variable: Variable, holds: impl Fn(usize) -> bool) -> Cases {
        let kids = (0..self.values[variable]).map(|value| if holds(value) { ALWAYS } else { NEVER });
        self.branch(variable, kids.collect())
    }

    pub(super) fn and(&mut self, one: Cases, other: Cases) -> Result<Cases, Spent> {
        self.apply(Op::And, one, other)
    }

    pub(super) fn or(&mut self, one: Cases, other: Cases) -> Result<Cases, Spent> {
        self.apply(Op::Or, one, other)
    }

    /// The cases of `one` that are none of `other`.
    pub(super) fn without(&mut self, one: Cases, other: Cases) -> Result<Cases, Spent> {
        self.apply(Op::Without, one, other)
    }

    /// The cases in which at least so many of `all` hold.
    pub(super) fn at_least(&mut self, wanted: usize, mut all: Vec<Cases>) -> Result<Cases, Spent> {
        self.last_first(&mut all);
        // By how many, what is enough of those looked at so far.
        let mut enough = vec![NEVER; wanted + 1];
        enough[0] = ALWAYS;
        for one in all {
            for count in (1..=wanted).rev() {
                let with = self.and(one, enough[count - 1])?;
                enough[count] = self.or(enough[count], with)?;
            }
        }
        Ok(enough[wanted])
    }

    /// The cases in which `all` hold.
    pub(super) fn all(&mut self, mut all: Vec<Cases>) -> Result<Cases, Spent> {
        self.last_first(&mut all);
        all.into_iter().try_fold(ALWAYS, |so_far, one| self.and(one, so_far))
    }

    /// In the order in which combining them is cheap: what is decided early lies on top of what is there, and is not walked
    /// through it.
    fn last_first(&self, all: &mut [Cases]) {
        all.sort_by_key(|&cases| std::cmp::Reverse(self.branches[cases].0));
    }

    /// The values in one of the cases, by variable; the smallest that are possible. Others do not matter.
    pub(super) fn pick(&self, mut cases: Cases) -> HashMap<Variable, usize> {
        let mut picked = HashMap::new();
        while cases > ALWAYS {
            let (variable, kids) = &self.branches[cases];
            let Some(value) = kids.iter().position(|&kid| kid != NEVER) else { break };
            picked.insert(*variable, value);
            cases = kids[value];
        }
        picked
    }

    /// Whether that is one of the cases; values that are not given are the first.
    pub(super) fn holds(&self, mut cases: Cases, values: &HashMap<Variable, usize>) -> bool {
        while cases > ALWAYS {
            let (variable, kids) = &self.branches[cases];
            cases = kids[values.get(variable).copied().unwrap_or(0)];
        }
        cases == ALWAYS
    }

    fn apply(&mut self, op: Op, one: Cases, other: Cases) -> Result<Cases, Spent> {
        if let Some(at_once) = op.at_once(one, other) {
            return Ok(at_once);
        }
        let key = match op {
            Op::And | Op::Or if one > other => (op, other, one),
            _ => (op, one, other),
        };
        if let Some(&done) = self.done.get(&key) {
            return Ok(done);
        }
        let variable = self.branches[one].0.min(self.branches[other].0);
        let values = self.values[variable];
        self.spend(values as u64)?;
        let mut kids = Vec::with_capacity(values);
        for value in 0..values {
            let (one, other) = (self.kid(one, variable, value), self.kid(other, variable, value));
            kids.push(self.apply(op, one, other)?);
        }
        let cases = self.branch(variable, kids.into());
        self.done.insert(key, cases);
        Ok(cases)
    }

    fn spend(&mut self, work: u64) -> Result<(), Spent> {
        self.work_done += work;
        if self.work_done > self.work_max.min(self.share_ends) { Err(Spent) } else { Ok(()) }
    }

    fn kid(&self, cases: Cases, variable: Variable, value: usize) -> Cases {
        let (decides, kids) = &self.branches[cases];
        if *decides == variable { kids[value] } else { cases }
    }

    fn branch(&mut self, variable: Variable, kids: Rc<[Cases]>) -> Cases {
        if kids.iter().all(|&kid| kid == kids[0]) {
            return kids[0];
        }
        let next = self.branches.len();
        let cases = *self.known.entry((variable, Rc::clone(&kids))).or_insert(next);
        if cases == next {
            self.branches.push((variable, kids));
        }
        cases
    }
}

impl Op {
    fn at_once(self, one: Cases, other: Cases) -> Option<Cases> {
        match (self, one, other) {
            (Self::And, NEVER, _) | (Self::And, _, NEVER) | (Self::Without, NEVER, _) | (Self::Without, _, ALWAYS) => {
                Some(NEVER)
            }
            (Self::Or, ALWAYS, _) | (Self::Or, _, ALWAYS) => Some(ALWAYS),
            (Self::And, ALWAYS, same) | (Self::Or, NEVER, same) => Some(same),
            (Self::And, same, ALWAYS) | (Self::Or | Self::Without, same, NEVER) => Some(same),
            (Self::Without, same, equal) if same == equal => Some(NEVER),
            (_, same, equal) if same == equal => Some(same),
            _ => None,
        }
    }
}
