//! What others are told of a record.

use serde_json::json;

use super::history::{EntryKind, EntryRow};
use super::record::RecordRow;
use crate::events::NewEvent;

/// The event of an entry, whose key is the id of the record; nothing of what is not told.
pub(super) fn event_of(kind: EntryKind, record: &RecordRow, entry: &EntryRow) -> Option<NewEvent> {
    let mut data = json!({ "record": record.shown(), "by": { "kind": entry.by_kind, "name": entry.by_name } });
    match kind {
        EntryKind::Created | EntryKind::Restored => {}
        EntryKind::Updated => data["fields"] = json!(entry.fields),
        EntryKind::Transitioned => {
            data["from"] = json!(entry.from_state);
            data["to"] = json!(entry.to_state);
            data["transition"] = json!(entry.transition);
            data["reason"] = json!(entry.reason);
        }
        EntryKind::Deleted | EntryKind::Noted(_) => return None,
    }
    Some(NewEvent {
        // Nobody outside can send an id that begins so.
        id: format!("$record:{}", entry.entry_id),
        type_name: format!("record.{}", kind.as_str()),
        key: record.record_id.to_string(),
        data,
    })
}
