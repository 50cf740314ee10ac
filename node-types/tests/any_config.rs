//! Whatever stands in the config of a node, publishing answers: with a graph, or with problems that say what to do.
#![allow(clippy::unwrap_used, reason = "tests")]

use capstan_engine::core::catalogue::{Catalogue, Role};
use capstan_engine::core::graph::Graph;
use capstan_node_types::registry::Registry;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Graphs of the short form; `PROPTEST_CASES` makes it longer.
const CASES: u32 = 3_000;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9]{1,20}[a-z ]{0,3}[0-9]{0,20}[a-z]{0,3}".prop_map(Value::from),
        select(vec![
            "{{ input.a }}",
            "{{",
            "http://",
            "https://é.example/{{ input }}",
            "/a/../b",
            "a@b",
            "2027-13-01",
            "\u{0}"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z_]{0,8}", inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn config() -> ProptestConfig {
    // From here the folder of regressions is found beside this file.
    let usual = ProptestConfig {
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::Direct(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/proptest-regressions/any_config.txt"
        )))),
        ..ProptestConfig::default()
    };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { CASES };
    ProptestConfig { cases, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_config_is_published_or_refused_with_reasons(
        at in any::<prop::sample::Index>(),
        fields in proptest::collection::vec((any::<prop::sample::Index>(), any_json()), 0..5),
        policy in any_json(),
    ) {
        let registry = Registry::standard();
        let names = registry.names();
        let name = names[at.index(names.len())];
        let node_type = registry.get(name).unwrap();
        let known: Vec<&String> = node_type.schema()["properties"].as_object().map(|it| it.keys().collect()).unwrap_or_default();
        let config: Map<String, Value> =
            fields.into_iter().filter(|_| !known.is_empty()).map(|(at, value)| (known[at.index(known.len())].clone(), value)).collect();
        let node = json!({ "id": "x", "type": name, "data": { "label": "x", "config": config, "policy": policy } });
        let document = match node_type.role() {
            Role::Trigger => json!({ "nodes": [node], "edges": [] }),
            Role::Container => json!({
                "nodes": [
                    json!({ "id": "t", "type": "trigger.manual", "data": { "label": "t", "config": {} } }), node,
                    json!({ "id": "i", "type": "debug.noop", "parentId": "x", "data": { "label": "i", "config": {} } }),
                ],
                "edges": [{ "id": "e", "source": "t", "target": "x" }],
            }),
            Role::Step => json!({
                "nodes": [json!({ "id": "t", "type": "trigger.manual", "data": { "label": "t", "config": {} } }), node],
                "edges": [{ "id": "e", "source": "t", "target": "x" }],
            }),
        };
        if let Err(problems) = Graph::compile(&document, &registry) {
            prop_assert!(!problems.is_empty());
            for problem in problems {
                prop_assert!(!problem.code.is_empty() && !problem.detail.is_empty() && !problem.hint.is_empty(), "{problem:?}");
            }
        }
    }
}
