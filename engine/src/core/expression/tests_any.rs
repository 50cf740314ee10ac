//! Whatever stands in a config, evaluating it answers, within its limits.
#![allow(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use proptest::sample::select;

use super::OUTPUT_BYTES_MAX;
use super::tests::rendered;

/// Sources of the short form; `PROPTEST_CASES` makes it longer.
const CASES: u32 = 20_000;

const VALUES: [&str; 24] = [
    "input",
    "input.name",
    "input.n",
    "input.big",
    "input.price",
    "input.list",
    "input.people",
    "input.none",
    "input.nope",
    "steps",
    "steps.fetch.body",
    "steps.other",
    "steps.broken.error",
    "now",
    "execution",
    "none",
    "true",
    "0",
    "-7",
    "1e308",
    "99999999999999999999",
    "'é'",
    "[1, 2]",
    "{'a': 1}",
];
const OPERATORS: [&str; 18] =
    ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "and", "or", "in", "not in", "is", ","];
const FILTERS: [&str; 22] = [
    "upper",
    "lower",
    "length",
    "join(',')",
    "default(1)",
    "first",
    "last",
    "sort",
    "reverse",
    "round",
    "int",
    "float",
    "string",
    "list",
    "replace('a', 'b')",
    "split(',')",
    "tojson",
    "unique",
    "sum",
    "min",
    "map(attribute='a')",
    "nope",
];

/// Expressions that mostly mean something.
fn expression() -> impl Strategy<Value = String> {
    select(VALUES.to_vec()).prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        prop_oneof![
            (inner.clone(), select(OPERATORS.to_vec()), inner.clone()).prop_map(|(a, by, b)| format!("{a} {by} {b}")),
            (inner.clone(), select(FILTERS.to_vec())).prop_map(|(value, filter)| format!("({value}) | {filter}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} if {b} else {c}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}:]")),
            inner.clone().prop_map(|a| format!("[{a}, {a}]")),
            inner.clone().prop_map(|a| format!("{{'k': {a}}}")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn source() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => expression().prop_map(|it| format!("{{{{ {it} }}}}")),
        2 => (expression(), expression()).prop_map(|(a, b)| format!("{{% if {a} %}}{{{{ {b} }}}}{{% else %}}x{{% endif %}}")),
        2 => "[{}%a-z0-9 .*~|()'\"\\[\\],:=<>+#\\\\-]{0,60}",
        1 => "\\PC{0,40}",
        1 => (expression(), any::<prop::sample::Index>()).prop_map(|(it, at)| {
            let whole = format!("{{{{ {it} }}}}");
            whole.chars().take(at.index(whole.len() + 1)).collect()
        }),
    ]
}

fn config() -> ProptestConfig {
    let usual = ProptestConfig::with_source_file(file!());
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { CASES };
    ProptestConfig { cases, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn evaluating_answers_within_its_limits(source in source()) {
        match rendered(&source) {
            Ok(value) => prop_assert!(value.to_string().len() <= 2 * OUTPUT_BYTES_MAX),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}
