//! Evaluates one expression of a config string.

use minijinja::{Error, ErrorKind, Value};
use serde_json::Value as Json;

use super::CONTEXT_BYTES_MAX;
use super::convert::{cost, from_json, to_json};
use super::environment::ENVIRONMENT;
use super::error::Fault;
use super::meter::Meter;
use super::names::Names;
use super::resolve::{Path, resolve};
use super::rewrite::{Plan, rewrite};
use super::template::Code;
use super::{FUEL_MAX, VALUE_DEPTH_MAX};

/// Why a variable of an expression has no value, by its number.
type Missing = Vec<Option<String>>;

/// The result of `code`. `work_left` is what the whole of a render may still use.
pub(super) fn evaluate(code: &Code<'_>, names: &Names<'_>, work_left: &mut usize) -> Result<Json, Fault> {
    let plan = rewrite(&code.tokens, code.range.start, names.roots)?;
    if plan.is_path {
        return lone_path(&plan.paths[0], names);
    }
    let (variables, missing) = variables(&plan, names)?;
    let compiled =
        ENVIRONMENT.compile_expression_owned(plan.source.as_str()).map_err(|error| fault(&plan, &error, None))?;
    let meter = Meter::new(variables, *work_left, &plan, names.mixes);
    let result = compiled.eval(Value::from_dyn_object(std::sync::Arc::clone(&meter))).and_then(|value| to_json(&value));
    *work_left = meter.work_left();
    result.map_err(|error| {
        let missed = meter.missed().filter(|_| error.kind() == ErrorKind::UndefinedError);
        let why = missed.and_then(|index| Some((plan.paths.get(index)?, missing.get(index)?.as_deref()?)));
        fault(&plan, &error, why)
    })
}

/// Syntax and names.
pub(super) fn compiles<'s>(code: &Code<'s>, roots: &'static [&'static str]) -> Result<Plan<'s>, Fault> {
    let plan = rewrite(&code.tokens, code.range.start, roots)?;
    let outcome = ENVIRONMENT.compile_expression_owned(plan.source.as_str()).map(drop);
    outcome.map_err(|error| fault(&plan, &error, None))?;
    Ok(plan)
}

fn lone_path(path: &Path<'_>, names: &Names<'_>) -> Result<Json, Fault> {
    let value = resolve(path, names).map_err(|detail| Fault::new(path.at, detail))?;
    cost(&value, CONTEXT_BYTES_MAX).ok_or_else(|| too_large(path.at))?;
    Ok(value.into_owned())
}

fn variables(plan: &Plan<'_>, names: &Names<'_>) -> Result<(Vec<Option<Value>>, Missing), Fault> {
    let mut left = CONTEXT_BYTES_MAX;
    let (mut variables, mut missing) = (Vec::new(), Vec::new());
    for path in &plan.paths {
        match resolve(path, names) {
            Ok(value) => {
                left -= cost(&value, left).ok_or_else(|| too_large(path.at))?;
                variables.push(Some(from_json(&value)));
                missing.push(None);
            }
            Err(why) => {
                variables.push(None);
                missing.push(Some(why));
            }
        }
    }
    Ok((variables, missing))
}

fn too_large(at: usize) -> Fault {
    let detail = format!(
        "the values that it names are larger than {CONTEXT_BYTES_MAX} bytes or nested more than {VALUE_DEPTH_MAX} deep; name smaller parts"
    );
    Fault::new(at, detail)
}

fn fault(plan: &Plan<'_>, error: &Error, why: Option<(&Path<'_>, &str)>) -> Fault {
    if let Some((path, why)) = why {
        return Fault::new(path.at, why);
    }
    let at = error.range().map_or(0, |range| range.start);
    let detail = match error.kind() {
        ErrorKind::OutOfFuel => format!("it takes more than {FUEL_MAX} instructions"),
        ErrorKind::UndefinedError => "it uses a key or item that does not exist in the value before it".into(),
        ErrorKind::InvalidOperation => error.detail().unwrap_or("an operator does not fit its values").into(),
        kind => match error.detail() {
            Some(detail) => format!("{kind}: {detail}"),
            None => kind.to_string(),
        },
    };
    Fault::new(plan.origin(at), detail)
}
