//! Records of types that workspaces define.

use super::super::operation::{Operation, op};
use super::super::shapes::RecordTypeWish;
use crate::paging::Page;
use crate::routes::records::{RecordEntryView, RecordView, deleted, history, list, one, transitions, types};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(types::list, "listRecordTypes", "Types of records").gives::<types::TypeList>(200),
        op(types::get, "getRecordType", "A type: states, and the ways between them")
            .gives::<types::TypeView>(200)
            .tells("ETag"),
        op(types::put, "putRecordType", "Define one, or replace one")
            .takes::<RecordTypeWish>()
            .header("MayMatch")
            .gives::<types::TypeView>(200)
            .gives::<types::TypeView>(201)
            .tells("ETag")
            .refuses(&[409, 412, 428]),
        op(types::delete, "deleteRecordType", "Delete one that no record is of, or have the shipped one hold again")
            .gives_nothing(204)
            .refuses(&[409]),
        op(list::list, "listRecords", "Records, newest first")
            .query::<list::ListQuery>()
            .gives::<Page<RecordView>>(200),
        op(one::create, "createRecord", "Make a record, in the initial state of its type")
            .takes::<one::NewRecord>()
            .gives::<RecordView>(201)
            .tells("ETag")
            .refuses(&[409, 429]),
        op(one::get, "getRecord", "A record").gives::<RecordView>(200).tells("ETag"),
        op(one::update, "updateRecord", "Change the data of a record")
            .takes::<one::RecordChange>()
            .header("IfMatch")
            .gives::<RecordView>(200)
            .tells("ETag")
            .refuses(&[412, 428, 429]),
        op(one::delete, "deleteRecord", "Hide a record; its history stays").gives_nothing(204).refuses(&[429]),
        op(transitions::list, "listRecordTransitions", "Where a record may go").gives::<transitions::WaysView>(200),
        op(transitions::create, "transitionRecord", "Move a record to another state")
            .takes::<transitions::RecordMove>()
            .header("MayMatch")
            .gives::<RecordView>(200)
            .tells("ETag")
            .refuses(&[403, 409, 412, 429]),
        op(history::list, "listRecordHistory", "What was done to a record, newest first")
            .query::<history::ListQuery>()
            .gives::<Page<RecordEntryView>>(200),
        op(history::create, "noteRecordEvent", "Note an e-mail, a call, a meeting, or anything else about a record")
            .takes::<history::RecordNote>()
            .gives::<RecordEntryView>(201)
            .refuses(&[429]),
        op(deleted::list, "listDeletedRecords", "Records that were deleted and can be restored, the newest made first")
            .query::<deleted::ListQuery>()
            .gives::<Page<deleted::DeletedView>>(200),
        op(deleted::restore, "restoreRecord", "Have a deleted record be as it was")
            .gives::<RecordView>(200)
            .tells("ETag")
            .refuses(&[422, 429]),
    ]
}
