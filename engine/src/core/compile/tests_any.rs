//! Whatever comes, compiling answers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{chain_and, compile, edge_with, node, with};

/// Documents of the short form; `PROPTEST_CASES` makes it longer.
const CASES: u32 = 512;

fn any_json() -> impl Strategy<Value = Value> {
    let words =
        ["a", "b", "t", "{{ steps.a.b }}", "{{ ", "data.set", "trigger.manual", "out", "error", "é\0", "{% if %}{{"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        proptest::sample::select(words.to_vec()).prop_map(Value::from),
        "[{}%a-z .*~|()'-]{0,12}".prop_map(Value::from),
    ];
    let keys = [
        "id",
        "type",
        "source",
        "target",
        "sourceHandle",
        "data",
        "kind",
        "when",
        "config",
        "policy",
        "retry",
        "error_classes",
        "url",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(keys.to_vec()), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// What fails once is kept beside the sources and tried first from then on.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::with_source_file(file!());
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { CASES };
    ProptestConfig { cases, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn compile_never_panics(nodes in proptest::collection::vec(any_json(), 0..5), edges in any_json()) {
        drop(compile(&json!({ "nodes": nodes, "edges": edges })));
        drop(compile(&edges));
        drop(compile(&json!({ "nodes": [edges, node("t", "trigger.manual")], "edges": nodes })));
    }

    #[test]
    fn configs_never_panic(config in any_json(), when in "[{}%a-z0-9 .*~|()'\"\\[\\],:=<>+-]{0,40}") {
        let x = with("x", "action.http", json!({ "config": config, "policy": config }));
        drop(compile(&chain_and(vec![x], vec![edge_with("a", "x", json!("out"), json!({ "when": when }))])));
    }
}
