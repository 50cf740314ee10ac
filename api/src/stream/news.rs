//! What listeners are told: of which thing something is new, and who may hear it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use capstan_domain::access::{Page, Permission};
use capstan_domain::changes::{ChangeRow, EACH_MAX, Position};
use serde_json::{Value, json};

/// What is said of a topic where more is new than can be listed.
const MANY: &str = "many";

/// What something is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Execution,
    Lead,
    Record,
    Workflow,
    Approval,
    Alert,
}

impl Topic {
    /// Those of which the outbox and events tell.
    pub(crate) const OF_FACTS: [Self; 4] = [Self::Execution, Self::Lead, Self::Record, Self::Alert];

    /// As the event is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Lead => "lead",
            Self::Record => "record",
            Self::Workflow => "workflow",
            Self::Approval => "approval",
            Self::Alert => "alert",
        }
    }

    /// What one has to have to hear of it: what reading it needs.
    pub(crate) fn permission(self) -> Permission {
        match self {
            Self::Execution | Self::Approval => Permission::ExecutionsRead,
            Self::Lead => Permission::LeadsRead,
            Self::Record => Permission::RecordsRead,
            Self::Workflow => Permission::WorkflowsRead,
            Self::Alert => Permission::WorkspaceRead,
        }
    }

    /// Where it is shown: a workspace without that page hears nothing of it.
    pub(crate) fn page(self) -> Page {
        match self {
            Self::Execution | Self::Approval => Page::Executions,
            Self::Lead => Page::Leads,
            Self::Record => Page::Records,
            Self::Workflow => Page::Workflows,
            Self::Alert => Page::Alerts,
        }
    }
}

/// That something is new.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct News {
    pub(crate) topic: Topic,
    /// JSON: small, ids and what changed.
    pub(crate) data: String,
}

/// What one look tells of a workspace.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Who has this batch has all up to here.
    pub(crate) position: Arc<Position>,
    pub(crate) news: Arc<[News]>,
    /// Whether it is not known what else changed: everything is to be loaded anew.
    pub(crate) is_reset: bool,
}

/// News of one look, each thing once; the last word counts.
#[derive(Default)]
pub(super) struct Tidings {
    told: BTreeMap<Thing, Value>,
    /// Of which a change through the API was told.
    changed: BTreeSet<Thing>,
}

/// What something is told of.
type Thing = (Topic, Option<String>);

impl Tidings {
    /// Tells of one thing; without an id, of one that is not known by it.
    pub(super) fn tell(&mut self, topic: Topic, id: Option<String>, mut data: Value) {
        data["id"] = json!(id);
        self.told.insert((topic, id), data);
    }

    /// Tells of a change through the API, unless something better was told of its thing. Of those of one thing the newest comes first.
    pub(super) fn tell_also(&mut self, topic: Topic, id: Option<String>, mut data: Value) {
        data["id"] = json!(id);
        self.changed.insert((topic, id.clone()));
        self.told.entry((topic, id)).or_insert(data);
    }

    /// The same of the change after which a thing is no more: nothing that was told of it is better, but a newer change.
    pub(super) fn tell_end(&mut self, topic: Topic, id: Option<String>, data: Value) {
        if self.changed.insert((topic, id.clone())) {
            self.tell(topic, id, data);
        }
    }

    /// Tells that more than can be listed is new.
    pub(super) fn tell_of_many(&mut self, topic: Topic) {
        self.tell(topic, None, json!({ "changed": MANY }));
    }

    /// What a row says that was told of an execution, lead, record or alert.
    pub(super) fn tell_fact(&mut self, row: &ChangeRow) {
        let topic = match row.topic.as_str() {
            "execution" => Topic::Execution,
            "lead" => Topic::Lead,
            "record" => Topic::Record,
            "alert" => Topic::Alert,
            _ => return,
        };
        match topic {
            _ if row.id.is_none() => self.tell_of_many(topic),
            Topic::Execution => self.tell(topic, row.id.clone(), execution(row)),
            Topic::Alert => self.tell(topic, row.id.clone(), json!({ "changed": row.changed })),
            _ => self.tell(topic, row.id.clone(), json!({ "state": row.status, "changed": row.changed })),
        }
    }

    /// Tells how an execution stands.
    pub(super) fn tell_execution(&mut self, row: &ChangeRow) {
        self.tell(Topic::Execution, row.id.clone(), execution(row));
    }

    /// In the order of topics. A topic with too many comes as one that says so.
    pub(super) fn into_news(mut self) -> Vec<News> {
        for topic in [Topic::Execution, Topic::Lead, Topic::Record, Topic::Workflow, Topic::Approval, Topic::Alert] {
            let count = self.told.keys().filter(|(of, _)| *of == topic).count();
            let has_many = self.told.get(&(topic, None)).is_some_and(|data| data["changed"] == MANY);
            if has_many || count > usize::try_from(EACH_MAX).unwrap_or_default() {
                self.told.retain(|(of, _), _| *of != topic);
                self.tell_of_many(topic);
            }
        }
        self.told.into_iter().map(|((topic, _), data)| News { topic, data: data.to_string() }).collect()
    }
}

fn execution(row: &ChangeRow) -> Value {
    json!({
        "workflow_id": row.workflow_id,
        "version_id": row.version_id,
        "status": row.status,
        "created_at": row.created_at,
        "ended_at": row.ended_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_told_once_with_the_last_word() {
        let mut tidings = Tidings::default();
        for changed in ["created", "status_changed"] {
            tidings.tell(Topic::Lead, Some("l".into()), json!({ "changed": changed }));
        }
        let told = tidings.into_news();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].data, r#"{"changed":"status_changed","id":"l"}"#);
    }

    #[test]
    fn too_many_of_a_topic_come_as_one_and_others_are_told_as_they_are() {
        let mut tidings = Tidings::default();
        for number in 0..=EACH_MAX {
            tidings.tell(Topic::Execution, Some(number.to_string()), json!({}));
        }
        tidings.tell(Topic::Lead, Some("l".into()), json!({}));
        let told: Vec<_> = tidings.into_news().into_iter().map(|news| (news.topic, news.data)).collect();
        assert_eq!(
            told,
            [
                (Topic::Execution, r#"{"changed":"many","id":null}"#.to_owned()),
                (Topic::Lead, r#"{"id":"l"}"#.to_owned())
            ]
        );
    }
}
