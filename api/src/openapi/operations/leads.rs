//! Leads.

use super::super::operation::{Operation, op};
use super::super::shapes::PipelineWish;
use crate::paging::Page;
use crate::routes::leads::{LeadEventView, LeadView, board, deleted, fields, history, list, one, pipeline};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(list::list, "listLeads", "Leads, newest first").query::<list::ListQuery>().gives::<Page<LeadView>>(200),
        op(one::create, "createLead", "Make a lead")
            .takes::<one::NewLead>()
            .gives::<LeadView>(201)
            .refuses(&[409, 429]),
        op(one::get, "getLead", "A lead").gives::<LeadView>(200),
        op(one::update, "updateLead", "Change a lead")
            .takes::<one::LeadChange>()
            .gives::<LeadView>(200)
            .refuses(&[409, 429]),
        op(one::delete, "deleteLead", "Hide a lead; its e-mail address is free again").gives_nothing(204),
        op(one::set_status, "setLeadStatus", "Move a lead in the pipeline")
            .takes::<one::LeadMove>()
            .gives::<LeadView>(200)
            .refuses(&[409, 429]),
        op(history::list, "listLeadEvents", "What was done to a lead, newest first")
            .query::<history::ListQuery>()
            .gives::<Page<LeadEventView>>(200),
        op(history::create, "noteLeadEvent", "Note an e-mail, a call, a meeting, or anything else")
            .takes::<history::LeadNote>()
            .gives::<LeadEventView>(201),
        op(deleted::list, "listDeletedLeads", "Leads that were deleted and can be restored, the newest made first")
            .query::<deleted::ListQuery>()
            .gives::<Page<deleted::DeletedView>>(200),
        op(deleted::restore, "restoreLead", "Have a deleted lead be as it was")
            .gives::<LeadView>(200)
            .refuses(&[409, 422, 429]),
        op(board::show, "getLeadBoard", "Leads by state").query::<board::BoardQuery>().gives::<board::BoardView>(200),
        op(pipeline::show, "getLeadPipeline", "The states of leads, and the ways between them")
            .gives::<pipeline::PipelineView>(200)
            .tells("ETag"),
        op(pipeline::put, "putLeadPipeline", "Replace them")
            .takes::<PipelineWish>()
            .header("IfMatch")
            .gives::<pipeline::PipelineView>(200)
            .tells("ETag")
            .refuses(&[409, 412, 428]),
        op(fields::list, "listLeadFields", "Custom fields of leads").gives::<fields::FieldList>(200),
        op(fields::put, "putLeadField", "Define one, or change what it is called")
            .takes::<fields::FieldWish>()
            .gives::<capstan_domain::leads::FieldRow>(200)
            .refuses(&[409]),
        op(fields::sources, "listLeadSources", "Where leads come from").gives::<fields::SourceList>(200),
    ]
}
