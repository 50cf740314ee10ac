//! What the workspace holds about a person.

use super::super::operation::{Operation, op};
use crate::paging::Page;
use crate::routes::persons;

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(persons::list, "listPersonJobs", "Exports and erasures of persons, newest first")
            .query::<persons::ListQuery>()
            .gives::<Page<persons::JobView>>(200),
        op(persons::create, "createPersonJob", "Export or erase what is held about a person")
            .takes::<persons::Wish>()
            .tells("Location")
            .gives::<persons::JobView>(202)
            .refuses(&[429]),
        op(persons::get, "getPersonJob", "An export or erasure of a person, and how far it is")
            .gives::<persons::JobView>(200),
        op(persons::lines, "getPersonJobLines", "What an export found, a line of JSON each")
            .query::<persons::LinesQuery>()
            .gives_lines()
            .refuses(&[409]),
    ]
}
