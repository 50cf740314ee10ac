//! What was seen of a workspace at the last look: what is different now is news. Pure.

use std::collections::{HashMap, HashSet};

use capstan_domain::changes::{ChangeRow, Known, NEWEST_MAX};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::news::{Tidings, Topic};

/// How much older than its position what a client comes back with may be: rows that were written late, and looks that took turns.
const BACK: TimeDelta = TimeDelta::seconds(90);

/// How things stood. As many as a look reads at most.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The newest executions, each with its status.
    newest: HashMap<String, Option<String>>,
    /// Changes through the API that were told.
    changes: HashSet<String>,
    /// Open approvals.
    open: HashSet<String>,
}

impl Seen {
    pub(super) fn of(rows: &[ChangeRow]) -> Self {
        let mut seen = Self::default();
        for row in rows {
            let Some(id) = row.id.clone() else { continue };
            match row.topic.as_str() {
                "newest" => {
                    seen.newest.insert(id, row.status.clone());
                }
                "change" => {
                    seen.changes.insert(id);
                }
                "open" => {
                    seen.open.insert(id);
                }
                _ => {}
            }
        }
        seen
    }

    /// What is different from before.
    pub(super) fn tell_since(&self, before: &Self, rows: &[ChangeRow], tidings: &mut Tidings) {
        for row in rows {
            let Some(id) = &row.id else { continue };
            match row.topic.as_str() {
                "newest" if before.newest.get(id) != Some(&row.status) => tidings.tell_execution(row),
                "change" if !before.changes.contains(id) => tell_change(row, tidings),
                _ => {}
            }
        }
        let is_new = |row: &ChangeRow| row.id.as_ref().is_some_and(|id| !before.newest.contains_key(id));
        if oldest(rows, "newest").is_some_and(is_new) {
            tidings.tell_of_many(Topic::Execution);
        }
        let is_new = |row: &ChangeRow| row.id.as_ref().is_some_and(|id| !before.changes.contains(id));
        if oldest(rows, "change").is_some_and(is_new) {
            tell_of_any_change(tidings);
        }
        self.tell_approvals(before, tidings);
    }

    fn tell_approvals(&self, before: &Self, tidings: &mut Tidings) {
        let most = self.open.len().max(before.open.len());
        if most >= read_max() && self.open != before.open {
            // There are others: what is out of sight need not be closed.
            return tidings.tell_of_many(Topic::Approval);
        }
        for id in self.open.difference(&before.open) {
            tidings.tell(Topic::Approval, Some(id.clone()), json!({ "status": "open" }));
        }
        for id in before.open.difference(&self.open) {
            tidings.tell(Topic::Approval, Some(id.clone()), json!({ "status": "closed" }));
        }
    }
}

/// What may be different since then, for a client of whom it is not known what else it saw: rather too much than too little.
pub(super) fn tell_back(since: DateTime<Utc>, rows: &[ChangeRow], known: &Known, tidings: &mut Tidings) {
    let is_new = |row: &ChangeRow| row.id.as_ref().is_none_or(|id| !known.changes.contains(id));
    let from = since - BACK;
    for row in rows {
        match row.topic.as_str() {
            "newest" => {
                let is_since = |at: Option<DateTime<Utc>>| at.is_none_or(|at| at >= from);
                if is_since(row.created_at) || is_since(row.ended_at) {
                    tidings.tell_execution(row);
                }
            }
            "change" if is_new(row) => tell_change(row, tidings),
            _ => {}
        }
    }
    if oldest(rows, "newest").is_some_and(|row| row.created_at.is_none_or(|at| at >= from)) {
        tidings.tell_of_many(Topic::Execution);
    }
    if oldest(rows, "change").is_some_and(is_new) {
        tell_of_any_change(tidings);
    }
    // Which of them were open then is not known.
    if known.has_approvals || rows.iter().any(|row| row.topic == "open") {
        tidings.tell_of_many(Topic::Approval);
    }
}

/// The last row of a topic if there are as many as a look reads: behind it may be more.
fn oldest<'a>(rows: &'a [ChangeRow], topic: &str) -> Option<&'a ChangeRow> {
    let of_topic: Vec<&ChangeRow> = rows.iter().filter(|row| row.topic == topic).collect();
    of_topic.last().copied().filter(|_| of_topic.len() >= read_max())
}

fn read_max() -> usize {
    usize::try_from(NEWEST_MAX).unwrap_or(usize::MAX)
}

/// More was changed through the API than a look reads.
fn tell_of_any_change(tidings: &mut Tidings) {
    for topic in [Topic::Execution, Topic::Lead, Topic::Record, Topic::Workflow, Topic::Alert] {
        tidings.tell_of_many(topic);
    }
}

/// What a change through the API was about, the newest first, as its route and path tell: `POST /api/v1/workflows/{workflow_id}/publish`.
fn tell_change(row: &ChangeRow, tidings: &mut Tidings) {
    let (Some(action), Some(subject)) = (&row.changed, &row.status) else { return };
    // What was only read, such as an export, is on record as well.
    let Some((method, route)) = action.split_once(" /api/v1/").filter(|(method, _)| *method != "GET") else { return };
    let mut parts = route.split('/');
    // Second, whether the path names one of them, and not what they are made of or done with.
    let (topic, is_named) = match parts.next().unwrap_or_default() {
        "workflows" | "deleted-workflows" | "rules" => (Topic::Workflow, true),
        "leads" | "deleted-leads" => (Topic::Lead, true),
        "lead-pipeline" | "lead-fields" => (Topic::Lead, false),
        "records" | "deleted-records" => (Topic::Record, true),
        "record-types" => (Topic::Record, false),
        "executions" => (Topic::Execution, true),
        "bulk-jobs" => (Topic::Execution, false),
        "alert-rules" => (Topic::Alert, true),
        _ => return,
    };
    // As in `workflows/import`, the second part of a path may be a verb.
    let is_named = is_named && route.split('/').nth(1).is_none_or(|part| part.starts_with('{'));
    let id = subject.strip_prefix("/api/v1/").filter(|_| is_named).and_then(|path| path.split('/').nth(1));
    let changed = match parts.next_back().filter(|part| !part.starts_with('{')) {
        Some(verb) => verb,
        None if method == "POST" => "created",
        None if method == "DELETE" => "deleted",
        None => "updated",
    };
    let (id, data) = (id.map(str::to_owned), json!({ "changed": changed }));
    match topic {
        // What was told of it before it was deleted is not the last word. No event tells that it was.
        Topic::Lead | Topic::Record if id.is_some() && changed == "deleted" => tidings.tell_end(topic, id, data),
        _ => tidings.tell_also(topic, id, data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(topic: &str, id: &str, status: &str) -> ChangeRow {
        ChangeRow {
            topic: topic.into(),
            id: Some(id.into()),
            status: Some(status.into()),
            created_at: DateTime::from_timestamp(1_000_000, 0),
            ..ChangeRow::default()
        }
    }

    fn change(action: &str, subject: &str) -> ChangeRow {
        ChangeRow { changed: Some(action.into()), ..row("change", action, subject) }
    }

    fn told(before: &[ChangeRow], now: &[ChangeRow]) -> Vec<String> {
        let mut tidings = Tidings::default();
        Seen::of(now).tell_since(&Seen::of(before), now, &mut tidings);
        let short = |data: &str| {
            let data: serde_json::Value = serde_json::from_str(data).unwrap();
            let what = if data["changed"].is_null() { &data["status"] } else { &data["changed"] };
            format!("{} {}", data["id"].as_str().unwrap_or("-"), what.as_str().unwrap())
        };
        tidings.into_news().iter().map(|news| format!("{} {}", news.topic.name(), short(&news.data))).collect()
    }

    #[test]
    fn what_is_as_before_is_no_news() {
        let rows = [
            row("newest", "a", "running"),
            row("open", "b", ""),
            change("POST /api/v1/workflows/{workflow_id}/publish", "/api/v1/workflows/w/publish"),
        ];
        assert_eq!(told(&rows, &rows), Vec::<String>::new());
        assert_eq!(told(&[], &rows), ["execution a running", "workflow w publish", "approval b open"]);
    }

    #[test]
    fn a_status_that_is_another_is_told_and_one_that_is_out_of_sight_is_not() {
        let before = [row("newest", "a", "running"), row("newest", "b", "running"), row("open", "c", "")];
        let now = [row("newest", "b", "waiting"), row("newest", "d", "queued")];
        assert_eq!(told(&before, &now), ["execution b waiting", "execution d queued", "approval c closed"]);
    }

    #[test]
    fn where_more_may_be_new_than_a_look_reads_that_is_told() {
        let many = |topic: &str, from: i32| -> Vec<ChangeRow> {
            (from..from + NEWEST_MAX).rev().map(|number| row(topic, &number.to_string(), "queued")).collect()
        };
        // Of these, one is known of before, so none is missed.
        assert_eq!(told(&many("newest", 0), &many("newest", NEWEST_MAX - 1)).len(), read_max() - 1);
        assert_eq!(told(&many("newest", 0), &many("newest", NEWEST_MAX)), ["execution - many"]);
        assert_eq!(told(&many("open", 0), &many("open", 0)), Vec::<String>::new());
        assert_eq!(told(&many("open", 0), &many("open", 1)), ["approval - many"]);
        assert_eq!(told(&many("open", 0), &[]), ["approval - many"]);
        let all = ["execution - many", "lead - many", "record - many", "workflow - many", "alert - many"];
        assert_eq!(told(&[], &many("change", 0)), all);
    }

    #[test]
    fn what_a_change_was_about_is_read_from_its_route() {
        for (action, subject, expected) in [
            ("POST /api/v1/workflows", "/api/v1/workflows/w", "workflow w created"),
            ("POST /api/v1/workflows", "/api/v1/workflows", "workflow - created"),
            ("PUT /api/v1/workflows/{workflow_id}/draft", "/api/v1/workflows/w/draft", "workflow w draft"),
            ("POST /api/v1/workflows/{workflow_id}/rename", "/api/v1/workflows/w/rename", "workflow w rename"),
            ("DELETE /api/v1/workflows/{workflow_id}", "/api/v1/workflows/w", "workflow w deleted"),
            ("PUT /api/v1/rules/{rule_id}", "/api/v1/rules/r", "workflow r updated"),
            ("DELETE /api/v1/leads/{lead_id}", "/api/v1/leads/l", "lead l deleted"),
            ("POST /api/v1/leads/{lead_id}/events", "/api/v1/leads/l/events", "lead l events"),
            ("POST /api/v1/executions/{execution_id}/cancel", "/api/v1/executions/e/cancel", "execution e cancel"),
            ("POST /api/v1/deleted-leads/{lead_id}/restore", "/api/v1/deleted-leads/l/restore", "lead l restore"),
            ("POST /api/v1/workflows/import", "/api/v1/workflows/import", "workflow - import"),
            ("PUT /api/v1/lead-fields/{name}", "/api/v1/lead-fields/size", "lead - updated"),
            ("POST /api/v1/bulk-jobs/{job_id}/cancel", "/api/v1/bulk-jobs/j/cancel", "execution - cancel"),
            ("DELETE /api/v1/keys/{key_id}", "/api/v1/keys/k", ""),
            ("GET /api/v1/workflows/export", "/api/v1/workflows/export", ""),
            ("POST /other", "/other", ""),
        ] {
            assert_eq!(told(&[], &[change(action, subject)]).join(", "), expected, "{action}");
        }
    }

    #[test]
    fn whoever_comes_back_is_told_of_all_that_may_have_changed_meanwhile() {
        let since = DateTime::from_timestamp(1_000_000, 0).unwrap() + BACK + TimeDelta::seconds(1);
        let ended = |id: &str, seconds: i64| ChangeRow {
            ended_at: DateTime::from_timestamp(1_000_000 + seconds, 0),
            ..row("newest", id, "completed")
        };
        let mut tidings = Tidings::default();
        let rows = [row("newest", "open", "running"), ended("long-ago", 0), ended("just-now", 2)];
        tell_back(since, &rows, &Known { has_approvals: true, ..Known::default() }, &mut tidings);
        let told: Vec<String> = tidings.into_news().into_iter().map(|news| news.data).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("just-now") && told[1].contains("\"open\""), "{told:?}");
        assert_eq!(told[2], r#"{"changed":"many","id":null}"#);
    }

    #[test]
    fn whoever_comes_back_is_not_told_of_what_there_is_none_and_of_what_it_knows() {
        let since = DateTime::from_timestamp(2_000_000, 0).unwrap();
        let change = |id: &str| ChangeRow {
            id: Some(id.into()),
            changed: Some("POST /api/v1/workflows".into()),
            status: Some("/api/v1/workflows".into()),
            ..row("change", "", "")
        };
        let told = |rows: &[ChangeRow], known: &[&str]| -> Vec<String> {
            let changes = known.iter().map(|id| (*id).to_owned()).collect();
            let mut tidings = Tidings::default();
            tell_back(since, rows, &Known { changes, has_approvals: false }, &mut tidings);
            tidings.into_news().iter().map(|news| format!("{} {}", news.topic.name(), news.data)).collect()
        };
        assert_eq!(told(&[change("before")], &["before"]), Vec::<String>::new());
        let created = r#"workflow {"changed":"created","id":null}"#;
        assert_eq!(told(&[change("after"), change("before")], &["before"]), [created]);
        assert_eq!(told(&[row("open", "a", "")], &[]), [r#"approval {"changed":"many","id":null}"#]);
    }

    #[test]
    fn that_a_lead_was_deleted_is_the_last_word_of_it_unless_it_was_restored() {
        let (deleted, updated, restored) = (
            change("DELETE /api/v1/leads/{lead_id}", "/api/v1/leads/l"),
            change("PATCH /api/v1/leads/{lead_id}", "/api/v1/leads/l"),
            change("POST /api/v1/deleted-leads/{lead_id}/restore", "/api/v1/deleted-leads/l/restore"),
        );
        let fact = ChangeRow { changed: Some("updated".into()), ..row("lead", "l", "new") };
        // Changes are read newest first.
        for (changes, expected) in [
            (vec![&deleted, &updated], r#"{"changed":"deleted","id":"l"}"#),
            (vec![&restored, &deleted, &updated], r#"{"changed":"updated","id":"l","state":"new"}"#),
            (vec![&updated], r#"{"changed":"updated","id":"l","state":"new"}"#),
        ] {
            let mut tidings = Tidings::default();
            tidings.tell_fact(&fact);
            changes.into_iter().for_each(|row| tell_change(row, &mut tidings));
            let told: Vec<String> = tidings.into_news().into_iter().map(|news| news.data).collect();
            assert_eq!(told, [expected]);
        }
    }
}
