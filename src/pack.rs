//! `pack.toml`: what a run of a workflow file on one machine needs beside it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use capstan_engine::core::problem::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::document::{problem, text};

/// Name of the file beside the workflow file.
pub(crate) const FILE: &str = "pack.toml";
/// Stands for services that do not run, so that a graph can be checked. Port 9 discards.
const NOWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 9);

/// A pack. Without a file there is nothing in it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pack {
    /// Input of executions that are started without one.
    pub(crate) input: Option<Value>,
    /// Other workflow files that are published first, by the names under which they are: what sub-workflows call.
    pub(crate) workflows: BTreeMap<String, String>,
    /// Built-in demo services to start, by name; `${name.url}` and `${name.address}` in the workflow stand for them.
    pub(crate) services: BTreeMap<String, Service>,
    /// Config fields by node id that replace those of the workflow: short waits.
    pub(crate) overrides: BTreeMap<String, Map<String, Value>>,
}

/// A built-in demo service.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Service {
    /// Tells about the company behind an e-mail address, over HTTP.
    HttpEnrichment,
    /// Takes mail over SMTP; the recipient answers by a signal.
    SmtpCustomer {
        /// Name of the signal that is the answer.
        signal: String,
        /// Its payload.
        #[serde(default)]
        payload: Value,
    },
}

/// Where services listen, by name.
pub(crate) type Addresses = BTreeMap<String, SocketAddr>;

impl Pack {
    /// The pack beside the workflow file at `path`; an empty one if there is none.
    pub(crate) fn beside(path: &Path) -> Result<Self, Box<Problem>> {
        let path = path.with_file_name(FILE);
        if !path.exists() {
            return Ok(Self::default());
        }
        Self::parse(&text(&path)?)
    }

    /// The pack that `text` describes.
    pub(crate) fn parse(text: &str) -> Result<Self, Box<Problem>> {
        toml::from_str(text).map_err(|error| {
            let detail = format!("{FILE} beside the workflow file cannot be used: {error}");
            problem("bad_pack", detail, "it has `input`, `workflows`, `services` and `overrides`")
        })
    }

    /// `document` with short waits and with services that run nowhere: good for checking it.
    pub(crate) fn preview(&self, document: &Value) -> Result<Value, Box<Problem>> {
        self.apply(document, &self.services.keys().map(|name| (name.clone(), NOWHERE.into())).collect())
    }

    /// The same with the waits that are written.
    pub(crate) fn filled(&self, document: &Value) -> Result<Value, Box<Problem>> {
        Self { overrides: BTreeMap::new(), ..self.clone() }.preview(document)
    }

    /// `document` with short waits and the addresses of the services.
    pub(crate) fn apply(&self, document: &Value, addresses: &Addresses) -> Result<Value, Box<Problem>> {
        let mut document = document.clone();
        for (id, fields) in &self.overrides {
            let config = config_of(&mut document, id).ok_or_else(|| {
                let detail = format!("{FILE} overrides node {id:?}, which the workflow does not have");
                problem("bad_pack", detail, "correct the id below [overrides]")
            })?;
            config.extend(fields.clone());
        }
        fill(&mut document, addresses)?;
        Ok(document)
    }
}

fn config_of<'a>(document: &'a mut Value, id: &str) -> Option<&'a mut Map<String, Value>> {
    let nodes = document.get_mut("nodes")?.as_array_mut()?;
    let node = nodes.iter_mut().find(|node| node.get("id").and_then(Value::as_str) == Some(id))?;
    node.get_mut("data")?.get_mut("config")?.as_object_mut()
}

/// Replaces `${name.url}` and `${name.address}` in every string.
fn fill(value: &mut Value, addresses: &Addresses) -> Result<(), Box<Problem>> {
    match value {
        Value::String(text) if text.contains("${") => *text = filled(text, addresses)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, addresses))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|field| fill(field, addresses))?,
        _ => {}
    }
    Ok(())
}

fn filled(text: &str, addresses: &Addresses) -> Result<String, Box<Problem>> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(&placeholder(name, addresses).ok_or_else(|| {
            let known: Vec<&str> = addresses.keys().map(String::as_str).collect();
            let detail = format!("the workflow names ${{{name}}}, but {FILE} has the services [{}]", known.join(", "));
            problem("unknown_service", detail, "write ${service.url} or ${service.address}, or add the service")
        })?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn placeholder(name: &str, addresses: &Addresses) -> Option<String> {
    let (service, what) = name.split_once('.')?;
    let address = addresses.get(service)?;
    match what {
        "url" => Some(format!("http://{address}")),
        "address" => Some(address.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pack() -> Pack {
        Pack::parse("[services.a]\nkind = \"http-enrichment\"\n[overrides.wait]\nfor = \"1s\"").unwrap()
    }

    #[test]
    fn addresses_and_short_waits_are_filled_in() {
        let document = json!({"nodes": [
            {"id": "wait", "data": {"config": {"for": "3d", "x": 1}}},
            {"id": "call", "data": {"config": {"url": "${a.url}/x?to=${a.address}"}}},
        ]});
        let filled = pack().preview(&document).unwrap();
        assert_eq!(filled["nodes"][0]["data"]["config"], json!({"for": "1s", "x": 1}));
        assert_eq!(filled["nodes"][1]["data"]["config"]["url"], "http://127.0.0.1:9/x?to=127.0.0.1:9");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let without = json!({"nodes": []});
        assert!(pack().preview(&without).unwrap_err().detail.contains("\"wait\""));
        for text in ["${b.url}", "${a.port}", "${a", "${}"] {
            let problem = Pack::default().preview(&json!({"nodes": [text]})).unwrap_err();
            assert_eq!(problem.code, "unknown_service", "{text}");
        }
        for text in ["x = 1", "[services.a]\nkind = \"teleport\"", "["] {
            assert_eq!(Pack::parse(text).unwrap_err().code, "bad_pack", "{text}");
        }
    }
}
