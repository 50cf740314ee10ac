//! The OpenAPI document is of these routes, is one, and is the one that is in `docs/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use capstan_api::{document, routes};
use serde_json::Value;

use crate::support::App;

/// The JSON Schema of OpenAPI 3.1 documents, as it is published.
const META_SCHEMA: &str = include_str!("../openapi-3.1.json");
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn operations() -> impl Iterator<Item = (String, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_ascii_uppercase()), operation))
    })
}

/// Routes that may change something and take no `Idempotency-Key`. Each says why where it is registered; docs/api.md lists them, too.
const WITHOUT_KEY: [&str; 10] = [
    "DELETE /session",
    "POST /invitations/accept",
    "POST /mail-links/look",
    "POST /password/forgot",
    "POST /password/reset",
    "POST /session",
    "POST /sign-up",
    "POST /sign-up/complete",
    "POST /tokens",
    "PUT /me/password",
];
const API_PAGE: &str = include_str!("../../../docs/api.md");

#[test]
fn every_route_that_is_not_for_reading_takes_an_idempotency_key_or_says_why_not() {
    let is_key = |parameter: &Value| {
        let name = parameter["$ref"].as_str().or(parameter["name"].as_str()).unwrap_or_default();
        name.to_ascii_lowercase().contains("idempotency")
    };
    let mut without = Vec::new();
    for route in routes().into_iter().filter(|route| route.method != "GET") {
        let name = format!("{} {}", route.method, route.path);
        let operation = &document()["paths"][route.path][route.method.to_ascii_lowercase()];
        let keys = operation["parameters"].as_array().unwrap().iter().filter(|it| is_key(it)).count();
        let hint = "a route of the API takes a key by itself; else register it as unkeyed(…, why), or as by_itself(…)";
        assert_eq!(keys, usize::from(route.unkeyed.is_none()), "{name}: {hint} if it keeps its answers");
        assert_eq!(operation["x-no-idempotency-key"].as_str(), route.unkeyed, "{name}");
        if route.unkeyed.is_some() && route.may_change() {
            assert!(API_PAGE.contains(&format!("`{name}`")), "docs/api.md does not say why {name} takes no key");
            without.push(name);
        }
    }
    without.sort_unstable();
    assert_eq!(without, WITHOUT_KEY);
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let found: BTreeSet<String> = operations().map(|(name, _)| name).collect();
    let registered: BTreeSet<String> =
        routes().into_iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(found, registered);
}

#[test]
fn every_route_is_described_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for (route, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "two operations are called {name}");
        assert!(
            operation["x-undescribed"] != true,
            "{route} needs a line in api/src/openapi/operations: op(handler, \"name\", \"what it does\").gives::<T>(200)"
        );
    }
}

#[test]
fn it_is_an_openapi_document() {
    let meta: Value = serde_json::from_str(META_SCHEMA).unwrap();
    let validator = jsonschema::draft202012::new(&meta).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document()).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        assert!(jsonschema::draft202012::meta::is_valid(schema), "{name} is no JSON Schema");
        assert!(!name.contains(".conflict"), "{name}: two types have that name");
        assert!(!name.ends_with(|c: char| c.is_ascii_digit()), "{name}: two types have that name");
    }
}

#[test]
fn what_it_refers_to_is_there_and_what_is_there_is_referred_to() {
    let mut found = BTreeSet::new();
    refs(document(), &mut found);
    for target in &found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document().pointer(pointer).is_some(), "{target} leads nowhere");
    }
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let unused = schemas.keys().filter(|name| !found.contains(&format!("#/components/schemas/{name}")));
    assert_eq!(unused.collect::<Vec<_>>(), Vec::<&String>::new());
}

fn refs(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(target) if name == "$ref" => _ = found.insert(target.clone()),
                    field => refs(field, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| refs(item, found)),
        _ => {}
    }
}

#[test]
fn parameters_of_paths_are_those_of_the_path() {
    for (route, operation) in operations() {
        assert!(METHODS.contains(&route.split(' ').next().unwrap().to_ascii_lowercase().as_str()), "{route}");
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for parameter in operation["parameters"].as_array().unwrap() {
            if let (Some(kind), Some(name)) = (parameter["in"].as_str(), parameter["name"].as_str()) {
                assert!(kinds.entry(kind).or_default().insert(name), "{route} has {name} twice");
            }
        }
        let named: BTreeSet<&str> =
            route.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(kinds.remove("path").unwrap_or_default(), named, "{route}");
    }
}

#[test]
fn the_document_in_the_repository_is_this_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(document()).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "run UPDATE_OPENAPI=1 cargo test -p capstan-api --test api document, then scripts/editor.sh types";
    assert!(found == text, "docs/openapi.json is not what the code says: {hint}");
}

#[tokio::test]
async fn anybody_may_read_it_and_need_not_read_it_twice() {
    let app = App::start().await;
    let ask = async |known: Option<&str>| {
        let mut request = Request::get("/api/v1/openapi.json");
        if let Some(etag) = known {
            request = request.header("if-none-match", etag);
        }
        app.send(request.body(Body::empty()).unwrap()).await
    };
    let answer = ask(None).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(&answer.json(), document());
    let again = ask(answer.header("etag")).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    // Caches in between may keep it, too, and tell apart what depends on the encoding.
    for answer in [&answer, &again] {
        let cached = "public, max-age=300, stale-while-revalidate=86400";
        assert_eq!(answer.header("cache-control"), Some(cached));
        assert!(answer.header("set-cookie").is_none());
    }
    assert_eq!(again.header("etag"), answer.header("etag"));
}
