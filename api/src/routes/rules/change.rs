//! Making, changing and removing rules. A rule and its workflow change in one transaction.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::{ETAG, LOCATION};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use capstan_domain::access::Permission;
use capstan_domain::quotas;
use capstan_domain::rules::{self, NewRule, RULES_MAX, RuleRow};
use capstan_domain::workflows as names;
use capstan_engine::core::ids::WorkflowId;
use capstan_engine::store::workflows::{self, About};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::find;
use super::made::{in_rule, make};
use super::turn::turn;
use super::view::{Rule, RuleView, Wish, told};
use crate::Api;
use crate::actor::Actor;
use crate::auth::{Caller, Holder};
use crate::body;
use crate::problem::Problem;
use crate::routes::credentials::require_use;
use crate::routes::publish::{Proven, put_forth};
use crate::routes::workflows::{etag, expected_revision, no_room, stale};

/// Most bytes of a rule; its answer is kept for its idempotency key.
const RULE_BYTES_MAX: usize = 48 * 1024;

/// `POST /rules {name, event, conditions?, actions, log_misses?, enabled?}`: 201 with the rule, whose workflow is published. 422
/// `invalid_rule` with all that is wrong, `too_many_rules`; 409 `too_many_triggers`; 429 `quota_exceeded`.
pub(crate) async fn create(
    State(api): State<Api>,
    holder: Holder,
    Extension(actor): Extension<Arc<Actor>>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    require_write(&actor)?;
    let rule = body::typed::<Wish>(request, RULE_BYTES_MAX).await?.checked()?;
    let mut proven = make(&api, &rule.definition).await?;
    require_use(&actor, &proven.graph)?;
    let (rule_id, workflow_id, workspace_id) = (Uuid::now_v7(), WorkflowId::new(), caller.workspace_id);
    let Rule { name, definition, is_enabled } = &rule;
    let new = NewRule { rule_id, workflow_id, name, definition, is_enabled: *is_enabled, by: &key.name };
    let mut transaction = caller.write().await?;
    quotas::make_room(&mut transaction, workspace_id).await?.map_err(no_room)?;
    workflows::create(&mut transaction, workspace_id, workflow_id, name, &proven.document).await?;
    if !rules::create(&mut transaction, workspace_id, new).await? {
        let detail = format!("this workspace has {RULES_MAX} rules, which is the most");
        return Err(Problem::unprocessable("too_many_rules", detail, "delete one that is not needed"));
    }
    publish(&mut transaction, &caller, workflow_id, &mut proven, (&rule, 1)).await?;
    let row = rules::find(&mut transaction, workspace_id, rule_id).await?;
    let row = row.ok_or_else(|| Problem::internal("a rule is not there after it was made"))?;
    caller.differs(&mut transaction, &Value::Null, &told(&row)).await?;
    transaction.commit().await?;
    let location = format!("/api/v1/rules/{rule_id}");
    let headers = [(LOCATION, location), (ETAG, etag(row.revision))];
    Ok((StatusCode::CREATED, headers, Json(RuleView::from(row))).into_response())
}

/// `PUT /rules/{id}` with `If-Match`: the rule as it is then; its workflow is published anew if it says something else. As [`create`];
/// and 428 without `If-Match`, 412 if it has another revision, 409 `edited_by_hand` if its workflow was changed by hand and more than
/// `enabled` would change.
pub(crate) async fn update(
    State(api): State<Api>,
    holder: Holder,
    Extension(actor): Extension<Arc<Actor>>,
    Path(rule_id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let Holder { caller, key } = holder;
    require_write(&actor)?;
    let read = find(&caller, &rule_id).await?;
    expected_revision(request.headers(), read.revision)?;
    let rule = body::typed::<Wish>(request, RULE_BYTES_MAX).await?.checked()?;
    let says_the_same = |row: &RuleRow| row.name == rule.name && row.definition == rule.definition;
    let proven = if says_the_same(&read) { None } else { Some(make(&api, &rule.definition).await?) };
    if let Some(proven) = &proven {
        require_use(&actor, &proven.graph)?;
    }
    let mut transaction = caller.write().await?;
    let locked = rules::lock(&mut transaction, caller.workspace_id, read.rule_id).await?;
    let locked = locked.ok_or_else(|| Problem::not_found("rule", &rule_id))?;
    if locked.revision != read.revision {
        return Err(stale());
    }
    let workflow_id = WorkflowId(locked.workflow_id);
    match proven {
        None => {
            rules::switch(&mut transaction, caller.workspace_id, locked.rule_id, rule.is_enabled, &key.name).await?;
            turn(&api, &mut transaction, &caller, workflow_id, rule.is_enabled).await?;
        }
        Some(_) if locked.is_by_hand => return Err(edited_by_hand()),
        Some(mut proven) => rewrite(&mut transaction, &caller, &locked, &rule, &mut proven, &key.name).await?,
    }
    let row = rules::find(&mut transaction, caller.workspace_id, locked.rule_id).await?;
    let row = row.ok_or_else(|| Problem::internal("a rule is not there after it was changed"))?;
    caller.differs(&mut transaction, &told(&locked), &told(&row)).await?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, workflow_id, None)).await;
    Ok(([(ETAG, etag(row.revision))], Json(RuleView::from(row))).into_response())
}

/// `DELETE /rules/{id}`: 204. Its workflow goes with it, changed by hand or not; executions that have begun go on. 404 unknown.
pub(crate) async fn delete(
    State(api): State<Api>,
    caller: Caller,
    Extension(actor): Extension<Arc<Actor>>,
    Path(rule_id): Path<String>,
) -> Result<Response, Problem> {
    require_write(&actor)?;
    let id = crate::routes::id(&rule_id, "rule")?;
    let mut transaction = caller.write().await?;
    let locked = rules::lock(&mut transaction, caller.workspace_id, id).await?;
    let locked = locked.ok_or_else(|| Problem::not_found("rule", &rule_id))?;
    let workflow_id = WorkflowId(locked.workflow_id);
    names::remember_triggers(&mut transaction, caller.workspace_id, workflow_id).await?;
    // Before its triggers go: what waits to be started is told that it was deleted.
    names::hide(&mut transaction, caller.workspace_id, workflow_id).await?;
    turn(&api, &mut transaction, &caller, workflow_id, false).await?;
    rules::remove(&mut transaction, caller.workspace_id, locked.rule_id).await?;
    caller.differs(&mut transaction, &told(&locked), &Value::Null).await?;
    transaction.commit().await?;
    api.graphs.current.forget(&(caller.workspace_id, workflow_id, None)).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The next draft and version of a locked rule's workflow, as of any other.
async fn rewrite(
    transaction: &mut PgConnection,
    caller: &Caller,
    locked: &RuleRow,
    rule: &Rule,
    proven: &mut Proven,
    by: &str,
) -> Result<(), Problem> {
    let (workspace_id, id) = (caller.workspace_id, WorkflowId(locked.workflow_id));
    let said = (rule.name.as_str(), &rule.definition);
    rules::rewrite(transaction, workspace_id, locked.rule_id, said, rule.is_enabled, by).await?;
    names::rename(transaction, workspace_id, id, &rule.name).await?;
    let saved = workflows::save_draft(transaction, workspace_id, id, locked.draft_revision, &proven.document).await?;
    if saved.is_none() {
        return Err(edited_by_hand());
    }
    publish(transaction, caller, id, proven, (rule, locked.version + 1)).await
}

/// Publishes a rule's graph as the version of that number.
async fn publish(
    transaction: &mut PgConnection,
    caller: &Caller,
    id: WorkflowId,
    proven: &mut Proven,
    (rule, number): (&Rule, i32),
) -> Result<(), Problem> {
    let published = put_forth(transaction, caller, id, proven, &About::default()).await;
    let (version, _) = published.map_err(|problem| in_rule(problem, &rule.definition))?;
    // Nobody else publishes it while the rule is locked.
    if version.number != number {
        return Err(Problem::internal(format!("a rule became version {} in place of {number}", version.number)));
    }
    Ok(())
}

/// A rule is a draft and a version: whoever writes one needs what these need.
fn require_write(actor: &Actor) -> Result<(), Problem> {
    let may = actor.permissions.has(Permission::WorkflowsWrite);
    if may { Ok(()) } else { Err(actor.lacks(Permission::WorkflowsWrite)) }
}

fn edited_by_hand() -> Problem {
    let detail = "the workflow of this rule was changed by hand, and is not made of the rule any more";
    let hint = "change the workflow; of the rule only enabled can be changed. Or delete it, and make a new one";
    Problem::conflict("edited_by_hand", detail, hint)
}
