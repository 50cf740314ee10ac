//! Puts the document together.

use std::collections::{BTreeMap, HashMap};

use schemars::SchemaGenerator;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

use super::components::{self, Problem};
use super::operation::{Body, Content, Operation};
use super::undescribed;
use crate::entity_tags;
use crate::permit::{Access, Registered};

/// Below which path all routes lie.
const ROOT: &str = "/api/v1";
const SCHEMAS: &str = "/components/schemas";

/// What makes schemas: of what is read, and of what is answered.
struct Makers {
    read: SchemaGenerator,
    answered: SchemaGenerator,
}

impl Makers {
    fn new() -> Self {
        let maker = |contract: Contract| {
            SchemaSettings::draft2020_12()
                .with(|settings| {
                    settings.definitions_path = SCHEMAS.into();
                    settings.meta_schema = None;
                    settings.contract = contract;
                })
                .into_generator()
        };
        Self { read: maker(Contract::Deserialize), answered: maker(Contract::Serialize) }
    }

    /// All that was referred to. One name with two meanings would be a fault of a line in `operations`.
    fn schemas(mut self) -> BTreeMap<String, Value> {
        let mut all: BTreeMap<String, Value> = self.read.take_definitions(true).into_iter().collect();
        for (name, schema) in self.answered.take_definitions(true) {
            if all.get(&name).is_some_and(|known| *known != schema) {
                all.insert(format!("{name}.conflict"), schema);
            } else {
                all.insert(name, schema);
            }
        }
        all
    }
}

/// The document of these routes.
pub(super) fn document(routes: &[Registered], operations: Vec<Operation>) -> Value {
    let described: HashMap<&str, Operation> = operations.into_iter().map(|it| (it.handler, it)).collect();
    let mut makers = Makers::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let method = route.method.to_ascii_lowercase();
        let told = match described.get(route.handler) {
            Some(operation) => describe(operation, route, &mut makers),
            None => undescribed::describe(route),
        };
        paths.entry(route.path).or_default().insert(method, complete(told, route));
    }
    makers.answered.subschema_for::<Problem>();
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Capstan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A durable workflow engine. Errors are problem details (RFC 9457) with a stable `code`. \
                Lists are pages: `next_cursor` is null on the last one.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": ROOT }],
        "x-rules": capstan_domain::constants::rules(),
        "tags": tags(routes),
        "paths": paths,
        "components": {
            "schemas": makers.schemas(),
            "responses": components::responses(),
            "headers": components::headers(),
            "parameters": components::parameters(),
            "securitySchemes": components::security_schemes(),
        },
    });
    plain(&mut document);
    document
}

/// Groups of operations: the first word of their paths.
fn tags(routes: &[Registered]) -> Value {
    let names: std::collections::BTreeSet<&str> = routes.iter().map(tag).collect();
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

fn tag(route: &Registered) -> &str {
    route.path.split('/').nth(1).unwrap_or_default()
}

fn describe(operation: &Operation, route: &Registered, makers: &mut Makers) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("operationId".into(), json!(operation.id));
    told.insert("summary".into(), json!(operation.summary));
    let mut parameters = path_parameters(route.path);
    if let Some(make) = operation.query {
        parameters.extend(query_parameters(make(&mut makers.read).as_value()));
    }
    parameters
        .extend(operation.headers.iter().map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })));
    if route.keeps_answers {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    if is_revalidated(route) {
        parameters.push(json!({ "$ref": "#/components/parameters/IfNoneMatch" }));
    }
    told.insert("parameters".into(), parameters.into());
    if let Some(Body { make, required }) = &operation.body {
        let content = json!({ "application/json": { "schema": make(&mut makers.read) } });
        told.insert("requestBody".into(), json!({ "required": required, "content": content }));
    }
    let mut responses = Map::new();
    let unchanged = is_revalidated(route).then_some((304, Content::Nothing));
    for (status, content) in operation.answers.iter().chain(&unchanged) {
        let mut answer = answer(operation, content, makers);
        if is_revalidated(route) {
            answer["headers"]["ETag"] = json!({ "$ref": "#/components/headers/ETag" });
        }
        if is_limited(route) {
            for (header, component) in components::RATES {
                answer["headers"][header] = json!({ "$ref": format!("#/components/headers/{component}") });
            }
        }
        if route.keeps_answers {
            answer["headers"]["Idempotent-Replayed"] = json!({ "$ref": "#/components/headers/IdempotentReplayed" });
        }
        responses.insert(status.to_string(), answer);
    }
    for status in problems(operation, route) {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    told.insert("responses".into(), Value::Object(responses));
    told
}

fn answer(operation: &Operation, content: &Content, makers: &mut Makers) -> Value {
    let mut headers =
        Map::from_iter([("X-Request-Id".to_owned(), json!({ "$ref": "#/components/headers/RequestId" }))]);
    for name in &operation.told {
        let header = components::headers_name(name);
        headers.insert(header.into(), json!({ "$ref": format!("#/components/headers/{name}") }));
    }
    let mut answer = json!({ "description": operation.summary, "headers": headers });
    match content {
        Content::Nothing => {}
        Content::Json(make) => {
            answer["content"] = json!({ "application/json": { "schema": make(&mut makers.answered) } });
        }
        // Events are not one value that a schema could be of; docs/api.md says which there are.
        Content::Events => answer["content"] = json!({ "text/event-stream": {} }),
        // Each line is an object of its own.
        Content::Lines => answer["content"] = json!({ "application/x-ndjson": { "schema": {} } }),
        Content::LinesOrTable => {
            answer["content"] = json!({ "application/x-ndjson": { "schema": {} }, "text/csv": { "schema": {} } });
        }
    }
    answer
}

/// The statuses that an operation may refuse with: by its own line, and by what every route of its kind checks.
fn problems(operation: &Operation, route: &Registered) -> Vec<u16> {
    let mut statuses = vec![400, 500, 503];
    if route.access != Access::Public {
        statuses.extend([401, 403]);
    } else if route.method != "GET" {
        // Another site sent it.
        statuses.push(403);
    }
    if is_limited(route) {
        statuses.push(429);
    }
    if route.path.contains('{') {
        statuses.push(404);
    }
    if operation.body.is_some() {
        statuses.extend([413, 415, 422]);
    }
    if route.keeps_answers {
        statuses.extend([409, 413, 415, 422]);
    }
    statuses.extend(&operation.problems);
    statuses
}

/// Whether who knows its answer is told that it is the same: see [`crate::entity_tags`].
fn is_revalidated(route: &Registered) -> bool {
    route.method == "GET" && entity_tags::is_revalidated(route.path)
}

/// Whether requests of it are counted: see [`crate::rates`].
fn is_limited(route: &Registered) -> bool {
    route.access != Access::Public || route.method != "GET"
}

/// What the registration alone tells.
fn complete(mut told: Map<String, Value>, route: &Registered) -> Value {
    told.insert("tags".into(), json!([tag(route)]));
    let is_read = route.method == "GET";
    let mut ways = vec![json!({ "bearer": [] }), json!({ "apiKey": [] }), json!({ "session": [] })];
    if is_read {
        ways.push(json!({ "cookie": [] }));
    }
    match route.access {
        Access::Public => ways.clear(),
        Access::User | Access::Platform => ways = vec![json!({ "session": [] })],
        Access::Anyone => {}
        Access::Needs(permission) => _ = told.insert("x-permission".into(), json!(permission)),
    }
    if let Some(page) = route.page {
        told.insert("x-page".into(), json!(page));
    }
    if let Some(why) = route.unkeyed {
        told.insert("x-no-idempotency-key".into(), json!(why));
    }
    told.insert("security".into(), ways.into());
    Value::Object(told)
}

pub(super) fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": components::path_schema(name) }))
        .collect()
}

/// The fields of a query struct. What is absent is not null.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
    let fields = schema["properties"].as_object().into_iter().flatten();
    let parameter = |(name, field): (&String, &Value)| {
        let mut field = field.clone();
        let own = field.as_object_mut().and_then(|field| field.remove("description"));
        if let Some(types) = field["type"].as_array() {
            field["type"] = types.iter().find(|it| *it != "null").cloned().unwrap_or_default();
        }
        let field = components::query_schema(name).unwrap_or(field);
        let mut parameter = json!({ "name": name, "in": "query", "required": required(name), "schema": field });
        if let Some(text) = own.or_else(|| components::query_description(name).map(Value::from)) {
            parameter["description"] = text;
        }
        parameter
    };
    fields.map(parameter).collect()
}

/// Descriptions without the links of doc comments.
fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => *text = text.replace("[`", "`").replace("`]", "`"),
                    field => plain(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
