//! What one evaluation may still use, and what it sees: the root object that minijinja looks names up in.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use minijinja::value::{Object, ValueKind};
use minijinja::{Error, ErrorKind, State, Value};

use super::rewrite::Plan;
use super::{OUTPUT_BYTES_MAX, VALUE_DEPTH_MAX, WORK_BYTES_MAX};

/// Name under which guards and filters find the [`Meter`]; no expression can name it.
const METER: &str = "__meter";
/// What a value costs besides its text.
pub(super) const VALUE_BYTES: usize = 32;
/// No path was found missing.
const NONE: usize = usize::MAX;

/// The variables of one expression and the work left.
#[derive(Debug)]
pub(super) struct Meter {
    /// By number; absent where the path leads nowhere.
    variables: Vec<Option<Value>>,
    work_left: AtomicUsize,
    /// Number of the variable that was last looked up in vain.
    missed: AtomicUsize,
    /// How often an operand's text may be copied.
    copies: usize,
    /// Kinds on the left of comparisons whose right sides are still to come.
    lefts: Mutex<Vec<ValueKind>>,
    /// Values of different kinds are compared.
    mixes: bool,
}

impl Meter {
    pub(super) fn new(variables: Vec<Option<Value>>, work_left: usize, plan: &Plan<'_>, mixes: bool) -> Arc<Self> {
        let (copies, lefts) = (plan.copies, Mutex::default());
        Arc::new(Self { variables, work_left: work_left.into(), missed: NONE.into(), copies, lefts, mixes })
    }

    /// Notes the left side of a comparison.
    pub(super) fn left(&self, kind: ValueKind) {
        self.lefts().push(kind);
    }

    /// Whether the right side can be compared with the left side that was noted last.
    pub(super) fn right(&self, kind: ValueKind) -> Result<(), Error> {
        let left = self.lefts().pop();
        left.map_or(Ok(()), |left| self.comparable(left, kind))
    }

    /// Whether values of those kinds have an order.
    pub(super) fn comparable(&self, left: ValueKind, right: ValueKind) -> Result<(), Error> {
        if self.mixes || left == right {
            return Ok(());
        }
        let detail = format!(
            "it compares {} with {}; make them alike first, as in `value | int` or `value | string`",
            words(left),
            words(right)
        );
        Err(Error::new(ErrorKind::InvalidOperation, detail))
    }

    fn lefts(&self) -> MutexGuard<'_, Vec<ValueKind>> {
        self.lefts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn of(state: &State<'_, '_>) -> Result<Arc<Self>, Error> {
        let found = state.lookup(METER).and_then(|value| value.downcast_object::<Self>());
        found.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there is no meter"))
    }

    pub(super) fn work_left(&self) -> usize {
        self.work_left.load(Ordering::Relaxed)
    }

    pub(super) fn missed(&self) -> Option<usize> {
        Some(self.missed.load(Ordering::Relaxed)).filter(|index| *index != NONE)
    }

    /// A missing value was asked for and that was fine.
    pub(super) fn forgive(&self) {
        self.missed.store(NONE, Ordering::Relaxed);
    }

    /// Takes `bytes` from the work left.
    pub(super) fn charge(&self, bytes: usize) -> Result<(), Error> {
        let left = self.work_left();
        let Some(left) = left.checked_sub(bytes) else {
            return Err(too_much());
        };
        self.work_left.store(left, Ordering::Relaxed);
        Ok(())
    }

    /// Charges the whole of `value`, `times` over.
    pub(super) fn charge_value(&self, value: &Value, times: usize) -> Result<(), Error> {
        self.charge_deep(value, times, VALUE_DEPTH_MAX)
    }

    fn charge_deep(&self, value: &Value, times: usize, depth: usize) -> Result<(), Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::new(ErrorKind::InvalidOperation, "a value is nested too deeply"));
        };
        self.charge(VALUE_BYTES.saturating_mul(times))?;
        match value.kind() {
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                self.charge(text.len().saturating_mul(times).saturating_mul(self.copies))
            }
            ValueKind::Seq | ValueKind::Iterable => {
                value.try_iter()?.try_for_each(|item| self.charge_deep(&item, times, depth))
            }
            ValueKind::Map => value.try_iter()?.try_for_each(|key| {
                self.charge_deep(&key, times, depth)?;
                self.charge_deep(&value.get_item(&key)?, times, depth)
            }),
            _ => Ok(()),
        }
    }

    /// Refuses text that is longer than any output may be, before it is made.
    pub(super) fn charge_text(&self, bytes: usize) -> Result<(), Error> {
        if bytes > OUTPUT_BYTES_MAX {
            let detail = format!("it makes text of more than {OUTPUT_BYTES_MAX} bytes");
            return Err(Error::new(ErrorKind::InvalidOperation, detail));
        }
        self.charge(bytes)
    }
}

impl Object for Meter {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        if name == METER {
            return Some(Value::from_dyn_object(Arc::clone(self)));
        }
        let index: usize = name.strip_prefix("__v")?.parse().ok()?;
        let value = self.variables.get(index)?;
        if value.is_none() {
            self.missed.store(index, Ordering::Relaxed);
        }
        value.clone()
    }
}

fn words(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::None | ValueKind::Undefined => "null",
        ValueKind::Bool => "true or false",
        ValueKind::Number => "a number",
        ValueKind::String => "text",
        ValueKind::Map => "an object",
        _ => "a list",
    }
}

fn too_much() -> Error {
    let detail = format!("it works on more than {WORK_BYTES_MAX} bytes; name smaller parts of the values");
    Error::new(ErrorKind::InvalidOperation, detail)
}
