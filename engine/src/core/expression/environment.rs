//! The one minijinja environment: only the filters and tests listed here, and none of its globals.

use std::sync::LazyLock;

use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior, Value, filters, tests};

use super::FUEL_MAX;
use super::convert::text_of;
use super::filters as ours;
use super::filters::{FILTER_NAMES, TEST_NAMES};
use super::meter::Meter;

/// Shared by all evaluations; holds no state of any.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

pub(super) fn is_filter(name: &str) -> bool {
    FILTER_NAMES.contains(&name)
}

pub(super) fn is_test(name: &str) -> bool {
    TEST_NAMES.contains(&name)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL_MAX));
    environment.set_debug(true);
    add_guards(&mut environment);
    add_filters(&mut environment);
    add_tests(&mut environment);
    environment
}

/// What [`super::rewrite`] puts behind operands.
fn add_guards(environment: &mut Environment<'static>) {
    environment.add_filter("__defined", |value: &Value| defined(value).map(|()| value.clone()));
    environment.add_filter("__value", |state: &State<'_, '_>, value: &Value| {
        defined(value)?;
        Meter::of(state)?.charge_value(value, 1).map(|()| value.clone())
    });
    environment.add_filter("__number", |value: &Value| {
        defined(value)?;
        if value.is_number() {
            return Ok(value.clone());
        }
        let detail = format!("`*` multiplies numbers only, and this is a {}", value.kind());
        Err(Error::new(ErrorKind::InvalidOperation, detail))
    });
    environment.add_filter("__left", |state: &State<'_, '_>, value: &Value| {
        Meter::of(state).map(|meter| meter.left(value.kind())).map(|()| value.clone())
    });
    environment.add_filter("__right", |state: &State<'_, '_>, value: &Value| {
        Meter::of(state)?.right(value.kind()).map(|()| value.clone())
    });
    environment.add_filter("__text", |state: &State<'_, '_>, value: &Value| {
        defined(value)?;
        let meter = Meter::of(state)?;
        meter.charge_value(value, 1)?;
        if value.kind() == ValueKind::String { Ok(value.clone()) } else { text_of(value).map(Value::from) }
    });
}

fn defined(value: &Value) -> Result<(), Error> {
    if value.is_undefined() { Err(Error::from(ErrorKind::UndefinedError)) } else { Ok(()) }
}

/// How the size of its arguments tells the cost of a filter.
#[derive(Clone, Copy)]
enum Cost {
    /// Linear.
    Plain,
    /// Sorts: each item is looked at many times.
    Sorting,
    /// Makes a value of each character.
    Splitting,
}

fn add_filters(environment: &mut Environment<'static>) {
    let mut add = |name: &'static str, inner: Value, cost: Cost| {
        environment.add_filter(name, move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
            let args = args.into_values();
            charge_call(name, state, &args, cost)?;
            inner.call(state, &args)
        });
    };
    for (name, filter) in plain_filters() {
        add(name, filter, Cost::Plain);
    }
    add("sort", Value::from_function(filters::sort), Cost::Sorting);
    add("unique", Value::from_function(filters::unique), Cost::Sorting);
    add("last", Value::from_function(filters::last), Cost::Splitting);
    add("reverse", Value::from_function(filters::reverse), Cost::Plain);
    add("split", Value::from_function(filters::split), Cost::Splitting);
    add("lines", Value::from_function(filters::lines), Cost::Splitting);
}

/// Filters whose work is linear in what they are given, and those that meter themselves.
fn plain_filters() -> [(&'static str, Value); 29] {
    [
        ("abs", Value::from_function(filters::abs)),
        ("bool", Value::from_function(filters::bool)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("d", Value::from_function(filters::default)),
        ("default", Value::from_function(filters::default)),
        ("first", Value::from_function(filters::first)),
        ("float", Value::from_function(filters::float)),
        ("int", Value::from_function(filters::int)),
        ("items", Value::from_function(filters::items)),
        ("join", Value::from_function(ours::join)),
        ("keys", Value::from_function(ours::keys)),
        ("length", Value::from_function(filters::length)),
        ("lower", Value::from_function(filters::lower)),
        ("map", Value::from_function(filters::map)),
        ("max", Value::from_function(ours::max)),
        ("min", Value::from_function(ours::min)),
        ("reject", Value::from_function(filters::reject)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("replace", Value::from_function(ours::replace)),
        ("round", Value::from_function(filters::round)),
        ("select", Value::from_function(filters::select)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("string", Value::from_function(ours::string)),
        ("sum", Value::from_function(ours::sum)),
        ("title", Value::from_function(filters::title)),
        ("tojson", Value::from_function(ours::tojson)),
        ("trim", Value::from_function(ours::trim)),
        ("upper", Value::from_function(filters::upper)),
        ("values", Value::from_function(ours::values)),
    ]
}

/// Longest argument that names attributes, filters or tests, in bytes.
const SELECTOR_BYTES_MAX: usize = 200;

fn charge_call(name: &str, state: &State<'_, '_>, args: &[Value], cost: Cost) -> Result<(), Error> {
    let meter = Meter::of(state)?;
    let Some((value, rest)) = args.split_first() else { return Ok(()) };
    let takes_missing = matches!(name, "default" | "d");
    if takes_missing {
        meter.forgive();
    } else {
        defined(value)?;
    }
    let takes_text = value.kind() == ValueKind::String;
    if takes_text
        && matches!(name, "map" | "select" | "reject" | "selectattr" | "rejectattr" | "sort" | "unique" | "items")
    {
        let detail = format!("{name:?} takes a list, and this is text");
        return Err(Error::new(ErrorKind::InvalidOperation, detail));
    }
    let selects = matches!(name, "map" | "sort" | "unique" | "selectattr" | "rejectattr");
    let mut times = match cost {
        Cost::Plain => 1,
        Cost::Sorting => 4,
        Cost::Splitting if takes_text => 8,
        Cost::Splitting => 1,
    };
    if selects {
        times *= 1 + separators(rest)?;
    }
    meter.charge_value(value, times)?;
    if matches!(name, "sort" | "min" | "max") {
        alike(&meter, value, rest)?;
    }
    rest.iter().try_for_each(|arg| meter.charge_value(arg, 1))
}

/// Dots and commas in the arguments of a filter that looks at attributes: so many attributes it looks at.
fn separators(args: &[Value]) -> Result<usize, Error> {
    let mut found = 0;
    for arg in args {
        let values = if arg.is_kwargs() {
            arg.try_iter()?.map(|key| arg.get_item(&key)).collect()
        } else {
            Ok(vec![arg.clone()])
        };
        for value in values? {
            let text = value.as_str().unwrap_or_default();
            if text.len() > SELECTOR_BYTES_MAX {
                let detail = format!("an argument is longer than {SELECTOR_BYTES_MAX} bytes");
                return Err(Error::new(ErrorKind::InvalidOperation, detail));
            }
            found += text.matches(['.', ',']).count();
        }
    }
    Ok(found)
}

fn add_tests(environment: &mut Environment<'static>) {
    environment.add_test("defined", |state: &State<'_, '_>, value: &Value| {
        Meter::of(state).map(|meter| meter.forgive()).map(|()| !value.is_undefined())
    });
    environment.add_test("undefined", |state: &State<'_, '_>, value: &Value| {
        Meter::of(state).map(|meter| meter.forgive()).map(|()| value.is_undefined())
    });
    environment.add_test("none", tests::is_none);
    environment.add_test("null", tests::is_none);
    environment.add_test("boolean", tests::is_boolean);
    environment.add_test("number", tests::is_number);
    environment.add_test("integer", tests::is_integer);
    environment.add_test("float", tests::is_float);
    environment.add_test("string", tests::is_string);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("true", tests::is_true);
    environment.add_test("false", tests::is_false);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("even", tests::is_even);
    environment.add_test("eq", tests::is_eq);
    environment.add_test("ne", tests::is_ne);
    add_comparison(environment, "lt", tests::is_lt);
    add_comparison(environment, "le", tests::is_le);
    add_comparison(environment, "gt", tests::is_gt);
    add_comparison(environment, "ge", tests::is_ge);
}

/// A test that asks which side is more.
fn add_comparison(environment: &mut Environment<'static>, name: &'static str, test: fn(&Value, &Value) -> bool) {
    environment.add_test(name, move |state: &State<'_, '_>, value: &Value, other: &Value| {
        Meter::of(state)?.comparable(value.kind(), other.kind()).map(|()| test(value, other))
    });
}

/// Whether the items of a list, or the attributes that it is sorted by, have an order.
fn alike(meter: &Meter, list: &Value, args: &[Value]) -> Result<(), Error> {
    if !matches!(list.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(());
    }
    let by = args.iter().find(|arg| arg.is_kwargs()).map(|named| named.get_attr("attribute")).transpose()?;
    let by = by.as_ref().and_then(Value::as_str).unwrap_or_default();
    for path in by.split(',').map(str::trim) {
        let mut first = None;
        for item in list.try_iter()? {
            let mut keys = path.split('.').filter(|key| !key.is_empty());
            let part = keys.try_fold(item, |item, key| item.get_attr(key)).unwrap_or_default();
            match first {
                Some(first) => meter.comparable(first, part.kind())?,
                None => first = Some(part.kind()),
            }
        }
    }
    Ok(())
}
