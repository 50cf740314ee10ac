//! Workflows, drafts and versions.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    Backtested, Items, Published, SavedDraft, Simulate, Simulated, StartedTrial, TestedStep, Verdict, Version,
    VersionSummary, Workflow, WorkflowFile, WorkflowSummary,
};
use crate::paging::Page;
use crate::routes::{
    backtest, deleted, expression, limits, pauses, publish, rules, simulate, test_step, trial, version, workflow_files,
    workflows,
};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(workflows::list, "listWorkflows", "Workflows, newest first")
            .query::<workflows::ListQuery>()
            .gives::<Page<WorkflowSummary>>(200)
            .refuses(&[422]),
        op(workflows::create, "createWorkflow", "Make a workflow")
            .takes::<workflows::NewWorkflow>()
            .gives::<Workflow>(201)
            .tells("ETag")
            .tells("Location")
            .refuses(&[429]),
        op(workflows::get, "getWorkflow", "A workflow with its draft").gives::<Workflow>(200).tells("ETag"),
        op(workflows::rename, "renameWorkflow", "Give it another name")
            .takes::<workflows::NewName>()
            .gives::<Workflow>(200)
            .tells("ETag")
            .refuses(&[409]),
        op(deleted::delete, "deleteWorkflow", "Hide a workflow; executions that have begun go on")
            .gives_nothing(204)
            .refuses(&[409]),
        op(deleted::list, "listDeletedWorkflows", "Workflows that were deleted, the newest made first")
            .query::<deleted::ListQuery>()
            .gives::<Page<deleted::DeletedView>>(200),
        op(deleted::restore, "restoreWorkflow", "Have a deleted workflow be as it was, with its triggers")
            .gives::<Workflow>(200)
            .tells("ETag")
            .refuses(&[409, 429]),
        op(workflows::save_draft, "saveDraft", "Replace the draft")
            .takes::<workflows::NewDraft>()
            .header("IfMatch")
            .gives::<SavedDraft>(200)
            .tells("ETag")
            .refuses(&[412, 428]),
        op(workflow_files::export::one, "exportWorkflow", "The draft as a file, without secrets")
            .gives::<WorkflowFile>(200),
        op(workflow_files::export::all, "exportWorkflows", "All drafts, a file on each line").streams_lines(),
        op(workflow_files::import::create, "importWorkflows", "Have files become drafts, without losing a change")
            .takes::<workflow_files::import::Wish>()
            .gives::<workflow_files::import::Imported>(200),
        op(publish::validate, "validateGraph", "Check a graph without storing it")
            .takes::<publish::Candidate>()
            .gives::<Verdict>(200),
        op(publish::validate_draft, "validateDraft", "Check the draft").gives::<Verdict>(200),
        op(publish::publish, "publishDraft", "The draft becomes the next version")
            .query::<publish::PublishQuery>()
            .may_take::<publish::NewVersion>()
            .gives::<Published>(201)
            .tells("Location")
            .refuses(&[409, 422]),
        op(publish::versions, "listVersions", "Versions of a workflow, newest first")
            .gives::<Items<VersionSummary>>(200),
        op(version::get, "getVersion", "A version with its graph").gives::<Version>(200),
        op(simulate::create, "simulateDraft", "What an execution of the draft would do, without effects")
            .takes::<Simulate>()
            .gives::<Simulated>(200)
            .refuses(&[409, 410]),
        op(backtest::create, "backtestDraft", "What the draft would have made of the last executions")
            .takes::<backtest::Asked>()
            .gives::<Backtested>(200)
            .refuses(&[410]),
        op(expression::preview, "previewExpression", "What an expression comes to with given data")
            .takes::<expression::Asked>()
            .gives::<expression::Previewed>(200),
        op(test_step::create, "testStep", "Run one step of the draft for real")
            .query::<test_step::TestQuery>()
            .takes::<test_step::Asked>()
            .once()
            .header("Prefer")
            .gives::<TestedStep>(200)
            .gives::<TestedStep>(202)
            .refuses(&[409, 410, 429]),
        op(trial::run, "runDraft", "Run the draft for real, without publishing it")
            .query::<trial::RunQuery>()
            .may_take::<trial::Asked>()
            .once()
            .header("Prefer")
            .gives::<StartedTrial>(200)
            .gives::<StartedTrial>(202)
            .refuses(&[409, 429]),
        op(rules::list, "listRules", "Automation rules, newest first")
            .query::<rules::ListQuery>()
            .gives::<Page<rules::view::RuleView>>(200),
        op(rules::change::create, "createRule", "Make a rule, and publish the workflow that it is compiled to")
            .takes::<rules::view::Wish>()
            .gives::<rules::view::RuleView>(201)
            .tells("ETag")
            .tells("Location"),
        op(rules::get, "getRule", "A rule").gives::<rules::view::RuleView>(200).tells("ETag"),
        op(
            rules::change::update,
            "updateRule",
            "Change a rule; its workflow is published anew if it says something else",
        )
        .takes::<rules::view::Wish>()
        .header("IfMatch")
        .gives::<rules::view::RuleView>(200)
        .tells("ETag")
        .refuses(&[412, 428]),
        op(rules::change::delete, "deleteRule", "Have no such rule, nor its workflow").gives_nothing(204),
        op(pauses::pause, "pauseWorkflow", "Hold up all executions of a workflow")
            .may_take::<pauses::Wish>()
            .gives::<pauses::PauseView>(200),
        op(pauses::resume, "resumeWorkflow", "Have them go on")
            .may_take::<pauses::Wish>()
            .gives::<super::super::shapes::Resumed>(200),
        op(limits::set_of_workflow, "setWorkflowLimit", "How many executions of a workflow are at work at a time")
            .takes::<limits::Wish>()
            .gives_nothing(204),
        op(limits::remove_of_workflow, "removeWorkflowLimit", "Have no such limit").gives_nothing(204),
        op(limits::set_of_key, "setKeyLimit", "The same for each value of the key of a workflow")
            .takes::<limits::Wish>()
            .gives_nothing(204),
        op(limits::remove_of_key, "removeKeyLimit", "What each version says holds again").gives_nothing(204),
    ]
}
