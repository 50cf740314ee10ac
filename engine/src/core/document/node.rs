//! One node of a document.

use serde_json::{Map, Value};

use super::reader::Reader;
use crate::core::compile::{CONFIG_BYTES_MAX, LABEL_CHARS_MAX, Problems, is_node_id, json_bytes};
use crate::core::policy::{Policy, RetryPolicy};

/// A node as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentNode {
    /// Its index in the document's `nodes`, for pointers.
    pub index: usize,
    /// The author's id; [`is_node_id`] holds.
    pub id: String,
    /// Name of its node type; empty if it could not be read.
    pub type_name: String,
    /// The container that it lies in.
    pub parent_id: Option<String>,
    /// What people see; the id if there is none.
    pub label: String,
    /// An object, empty if absent.
    pub config: Value,
    /// The default if absent.
    pub policy: Policy,
}

impl DocumentNode {
    /// JSON pointer of this node, with `rest` (which starts with `/`) below it.
    pub(in crate::core) fn pointer(&self, rest: &str) -> String {
        format!("/nodes/{}{rest}", self.index)
    }

    pub(super) fn read(value: &Value, index: usize, problems: &mut Problems) -> Option<Self> {
        let reader = Reader::object(value, format!("/nodes/{index}"), problems)?;
        let id = reader.required_text("id", problems)?;
        if !is_node_id(id) {
            let detail = format!("the node id {:?} is not 1 to 100 letters, digits, `_` or `-`", shortened(id));
            problems.add("bad_node_id", reader.at("id"), detail, "give the node another id");
            return None;
        }
        problems.of_node(id, |problems| Self::read_fields(&reader, id, index, problems)).into()
    }

    fn read_fields(reader: &Reader<'_>, id: &str, index: usize, problems: &mut Problems) -> Self {
        let type_name = reader.required_text("type", problems).unwrap_or_default().into();
        let parent_id = reader.text("parentId", problems).map(Into::into);
        let mut node = Self {
            index,
            id: id.into(),
            type_name,
            parent_id,
            label: id.into(),
            config: Value::Object(Map::new()),
            policy: Policy::default(),
        };
        let Some(data) = reader.below("data", problems) else { return node };
        if let Some(label) = data.text("label", problems) {
            if label.chars().count() > LABEL_CHARS_MAX {
                let detail = format!("the label of node {id:?} is longer than {LABEL_CHARS_MAX} characters");
                problems.add("label_too_long", data.at("label"), detail, "shorten the label");
            }
            node.label = label.into();
        }
        if let Some(config) = data.below("config", problems) {
            let config_value = Value::Object(config.fields.clone());
            let bytes = json_bytes(&config_value);
            if bytes > CONFIG_BYTES_MAX {
                let detail = format!("the config of node {id:?} has {bytes} bytes; {CONFIG_BYTES_MAX} are allowed");
                problems.add(
                    "config_too_large",
                    config.pointer,
                    detail,
                    "move the data into the input of the execution",
                );
            } else {
                node.config = config_value;
            }
        }
        if let Some(policy) = data.below("policy", problems) {
            node.policy = read_policy(&policy, problems);
        }
        node
    }
}

fn read_policy(reader: &Reader<'_>, problems: &mut Problems) -> Policy {
    let mut flat = reader.fields.clone();
    let retry = flat.remove("retry");
    let mut policy: Policy = Reader { fields: &flat, pointer: reader.pointer.clone() }.typed(problems);
    if retry.is_some()
        && let Some(retry) = reader.below("retry", problems)
    {
        policy.retry = retry.typed::<RetryPolicy>(problems);
    }
    policy
}

fn shortened(text: &str) -> String {
    text.chars().take(LABEL_CHARS_MAX).collect()
}
