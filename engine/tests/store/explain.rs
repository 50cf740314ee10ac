//! Plans of the statements that the store's own functions run, nested ones included, as `auto_explain` saw them.

use std::sync::{Arc, Mutex};

use serde_json::{Deserializer, Value};
use sqlx::PgConnection;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};

use super::support::run;

/// Where sqlx reports the server's messages.
const NOTICES: &str = "sqlx::postgres::notice";

/// The plan of one statement with what it really did.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) query: String,
    nodes: Vec<Value>,
}

impl Plan {
    fn new(explained: &Value) -> Self {
        let mut nodes = Vec::new();
        collect(&explained["Plan"], &mut nodes);
        Self { query: explained["Query Text"].as_str().unwrap().to_owned(), nodes }
    }

    /// The nodes that ran at least once.
    fn ran(&self) -> impl Iterator<Item = &Value> {
        self.nodes.iter().filter(|node| node["Actual Loops"].as_f64().unwrap() > 0.0)
    }

    /// Tables that were looked at, other than the one row of `queue_front`; each once, in order of name.
    pub(crate) fn relations(&self) -> Vec<String> {
        let scans = self.ran().filter(|node| text(node, "Node Type").ends_with("Scan"));
        sorted(scans.filter_map(|node| node["Relation Name"].as_str()).filter(|name| *name != "queue_front"))
    }

    /// Indexes that were scanned; each once, in order of name.
    pub(crate) fn indexes(&self) -> Vec<String> {
        sorted(self.ran().filter_map(|node| node["Index Name"].as_str()))
    }

    /// Most rows that any one scan of `relation` looked at, the filtered ones included.
    pub(crate) fn rows_seen(&self, relation: &str) -> u64 {
        let scans = self.ran().filter(|node| node["Relation Name"] == relation && node["Node Type"] != "ModifyTable");
        scans.map(seen).max().unwrap_or_default()
    }

    /// Fails if a table was read whole, other than the one row of `queue_front`.
    pub(crate) fn assert_no_seq_scan(&self) {
        for node in self.ran().filter(|node| node["Relation Name"] != "queue_front") {
            let kind = text(node, "Node Type");
            assert!(
                !matches!(kind, "Seq Scan" | "Bitmap Heap Scan"),
                "{kind} of {}: {self:#?}",
                text(node, "Relation Name")
            );
        }
    }

    /// Fails if a table was read whole, if no index was used whose name has `index` in it, or if a scan met more rows than that, the
    /// filtered ones included.
    pub(crate) fn assert_by_index(&self, index: &str, rows_max: u64) {
        assert!(self.indexes().iter().any(|name| name.contains(index)), "no {index}: {self:#?}");
        for node in self.ran().filter(|node| text(node, "Node Type").ends_with("Scan")) {
            assert_ne!(text(node, "Node Type"), "Seq Scan", "{self:#?}");
            let met = seen(node);
            assert!(met <= rows_max, "{met} rows, not {rows_max} at most: {self:#?}");
        }
    }
}

fn seen(node: &Value) -> u64 {
    let rows = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"];
    let rows: f64 = rows.iter().filter_map(|name| node[*name].as_f64()).sum();
    (rows * node["Actual Loops"].as_f64().unwrap_or(1.0)) as u64
}

fn text<'a>(node: &'a Value, name: &str) -> &'a str {
    node[name].as_str().unwrap_or_default()
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

fn collect(node: &Value, into: &mut Vec<Value>) {
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, into);
    }
    let mut node = node.clone();
    node.as_object_mut().unwrap().remove("Plans");
    into.push(node);
}

/// Gathers the plans of one connection while it lives; of this thread's runtime, so tests do not mix.
pub(crate) struct Plans {
    messages: Arc<Mutex<Vec<String>>>,
    _guard: DefaultGuard,
}

impl Plans {
    /// Lets `connection`, whose login is a superuser, report every plan from now on.
    pub(crate) async fn of(connection: &mut PgConnection) -> Self {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let guard = set_default(Notices { messages: Arc::clone(&messages) });
        let role: String = sqlx::query_scalar("SELECT current_user").fetch_one(&mut *connection).await.unwrap();
        run(connection, "SET ROLE NONE; LOAD 'auto_explain'").await;
        for (name, value) in [
            ("log_min_duration", "0"),
            ("log_nested_statements", "on"),
            ("log_analyze", "on"),
            ("log_timing", "off"),
            ("log_format", "json"),
        ] {
            run(connection, &format!("SET auto_explain.{name} = {value}")).await;
        }
        run(connection, &format!("SET client_min_messages = log; SET ROLE {role}")).await;
        let plans = Self { messages, _guard: guard };
        plans.take();
        plans
    }

    /// The plans since the last call, innermost statements first.
    pub(crate) fn take(&self) -> Vec<Plan> {
        let messages = std::mem::take(&mut *self.messages.lock().unwrap());
        let explained = messages.iter().filter_map(|message| {
            let at = message.find("plan:\n")? + "plan:\n".len();
            Deserializer::from_str(&message[at..]).into_iter::<Value>().next()?.ok()
        });
        explained.map(|explained| Plan::new(&explained)).collect()
    }

    /// The one plan since the last call whose statement contains `words`.
    pub(crate) fn take_one(&self, words: &str) -> Plan {
        let all = self.take();
        let queries: Vec<String> = all.iter().map(|plan| plan.query.clone()).collect();
        let mut found: Vec<Plan> = all.into_iter().filter(|plan| plan.query.contains(words)).collect();
        assert_eq!(found.len(), 1, "plans with \"{words}\" among {queries:#?}");
        found.remove(0)
    }
}

struct Notices {
    messages: Arc<Mutex<Vec<String>>>,
}

struct Message<'a>(&'a Mutex<Vec<String>>);

impl Visit for Message<'_> {
    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.lock().unwrap().push(value.to_owned());
    }

    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}

impl Subscriber for Notices {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == NOTICES
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Message(&self.messages));
    }
}
