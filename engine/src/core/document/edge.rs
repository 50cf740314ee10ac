//! One edge of a document.

use serde_json::Value;

use super::reader::Reader;
use crate::core::compile::Problems;

/// Longest edge id, in characters.
const EDGE_ID_CHARS_MAX: usize = 200;

/// An edge as drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentEdge {
    /// Its index in the document's `edges`, for pointers.
    pub index: usize,
    /// The author's id.
    pub id: String,
    /// Id of the node where it leaves.
    pub source: String,
    /// Output port of the source; absent means its first.
    pub source_handle: Option<String>,
    /// Id of the node where it ends.
    pub target: String,
    /// Flow unless said otherwise.
    pub kind: DocumentEdgeKind,
    /// Condition of a flow edge.
    pub when: Option<String>,
    /// Error classes of an error edge; empty means any.
    pub error_classes: Vec<String>,
}

/// What an edge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentEdgeKind {
    /// Taken when its source emits.
    Flow,
    /// Taken when its source fails.
    Error,
    /// Names the node that undoes its source.
    Compensate,
}

impl DocumentEdge {
    /// JSON pointer of this edge, with `rest` (which starts with `/`) below it.
    pub(in crate::core) fn pointer(&self, rest: &str) -> String {
        format!("/edges/{}{rest}", self.index)
    }

    pub(super) fn read(value: &Value, index: usize, problems: &mut Problems) -> Option<Self> {
        let reader = Reader::object(value, format!("/edges/{index}"), problems)?;
        let id = reader.required_text("id", problems)?;
        if id.is_empty() || id.chars().count() > EDGE_ID_CHARS_MAX {
            let detail = format!("the edge id must have 1 to {EDGE_ID_CHARS_MAX} characters");
            problems.add("bad_edge_id", reader.at("id"), detail, "give the edge another id");
            return None;
        }
        problems.of_edge(id, |problems| Self::read_fields(&reader, id, index, problems))
    }

    fn read_fields(reader: &Reader<'_>, id: &str, index: usize, problems: &mut Problems) -> Option<Self> {
        let source = reader.required_text("source", problems);
        let target = reader.required_text("target", problems);
        let source_handle = reader.text("sourceHandle", problems).map(Into::into);
        let mut edge = Self {
            index,
            id: id.into(),
            source: String::new(),
            source_handle,
            target: String::new(),
            kind: DocumentEdgeKind::Flow,
            when: None,
            error_classes: Vec::new(),
        };
        if let Some(data) = reader.below("data", problems) {
            edge.kind = kind(&data, problems);
            edge.when = data.text("when", problems).filter(|when| !when.trim().is_empty()).map(Into::into);
            if data.fields.get("error_classes").is_some_and(|classes| !classes.is_null()) {
                edge.error_classes = classes(&data, problems);
            }
        }
        edge.source = source?.into();
        edge.target = target?.into();
        Some(edge)
    }
}

fn kind(data: &Reader<'_>, problems: &mut Problems) -> DocumentEdgeKind {
    match data.text("kind", problems) {
        None | Some("flow") => DocumentEdgeKind::Flow,
        Some("error") => DocumentEdgeKind::Error,
        Some("compensate") => DocumentEdgeKind::Compensate,
        Some(other) => {
            let detail = format!("there is no edge kind {:?}", other.chars().take(40).collect::<String>());
            problems.add("bad_edge_kind", data.at("kind"), detail, "use flow, error or compensate");
            DocumentEdgeKind::Flow
        }
    }
}

fn classes(data: &Reader<'_>, problems: &mut Problems) -> Vec<String> {
    let mut found = Vec::new();
    for (index, class) in data.list("error_classes", problems).iter().enumerate() {
        match class.as_str() {
            Some(class) => found.push(class.into()),
            None => super::reader::wrong(class, &format!("{}/{index}", data.at("error_classes")), "text", problems),
        }
    }
    found
}
