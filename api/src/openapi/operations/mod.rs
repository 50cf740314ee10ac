//! One line for each route below `/api/v1`: its handler, its name, and the types that it reads and answers.

mod around;
mod executions;
mod integrations;
mod leads;
mod login;
mod people;
mod persons;
mod platform;
mod records;
mod triggers;
mod workflows;
mod workspace;

use super::operation::Operation;

/// All of them.
pub(super) fn all() -> Vec<Operation> {
    [
        workflows::all(),
        executions::all(),
        workspace::all(),
        people::all(),
        persons::all(),
        platform::all(),
        around::all(),
        integrations::all(),
        triggers::all(),
        login::all(),
        leads::all(),
        records::all(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
