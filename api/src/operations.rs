//! Makes workspaces, step by step. Every API process does it: each step is one transaction of `control`, under the lock of the
//! operation, and what it does in a cell is safe twice. So whoever goes on after a process died neither loses a step nor makes
//! anything twice. The steps of a dedicated workspace that make things on a database server are left to provisioners.

use std::sync::{Arc, Weak};
use std::time::Duration;

use capstan_domain::access::{
    self, AccessError, LinkKind, MoveError, Mover, OperationRow, PasswordError, Role, TenantState, hash_password,
    move_tenant, new_secret,
};
use capstan_domain::cells::{self, CellAddress};
use capstan_domain::quotas::{PlanError, give_plan};
use capstan_engine::core::ids::WorkspaceId;
use sqlx::PgConnection;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::Parts;
use crate::cells::Cell;
use crate::people::Note;
use crate::problem::Problem;
use crate::{plans, standings, tenant};

/// Time between two looks for what somebody left undone; a look that finds nothing is one statement.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Operations of one look.
const BITE: i64 = 20;
/// Longest turn: a cell whose server has fallen silent holds up no other operation.
const TURN_MAX: Duration = Duration::from_secs(60);
/// Most characters of the name of an owner who is called by their address.
const NAME_CHARS_MAX: usize = 100;

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A step was done.
    Done,
    /// It has ended, failed for now, or another process has it.
    Over,
}

/// Why a step failed.
enum Failure {
    /// For good.
    ForGood(&'static str, String),
    /// It may do later.
    ForNow(String),
}

/// Looks now and then, as long as the API exists.
pub(crate) async fn tend(api: Weak<Parts>) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(api) = api.upgrade() else { return };
        let due = async { Ok::<_, Problem>(access::due_operations(&mut *api.people.pool.begin().await?, BITE).await?) };
        match due.await {
            Ok(ids) => {
                for id in ids {
                    finish(&api, id).await;
                }
            }
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, "nobody knows which operations are due; it will be looked again");
            }
        }
    }
}

/// Goes on with an operation as far as it goes.
pub(crate) async fn finish(api: &Parts, id: Uuid) {
    loop {
        // One that is given up is rolled back, and done again.
        let Ok(turned) = timeout(TURN_MAX, turn(api, id)).await else {
            tracing::warn!(operation_id = %id, "a step of an operation takes too long; it will be tried again");
            return;
        };
        match turned {
            Ok(Turn::Done) => {}
            Ok(Turn::Over) => return,
            Err(problem) => {
                let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
                tracing::warn!(cause, operation_id = %id, "an operation does not go on; it will be tried again");
                return;
            }
        }
    }
}

/// Does the next step, and notes it in the same transaction.
pub(crate) async fn turn(api: &Parts, id: Uuid) -> Result<Turn, Problem> {
    let mut transaction = api.people.pool.begin().await?;
    let Some(row) = access::take_operation(&mut transaction, id).await? else { return Ok(Turn::Over) };
    let done = step(api, &mut transaction, &row).await;
    let mail = match done {
        Ok(mail) => mail,
        Err(failure) => {
            transaction.rollback().await?;
            let (code, detail) = match &failure {
                Failure::ForGood(code, detail) => (Some(*code), detail.as_str()),
                Failure::ForNow(detail) => (None, detail.as_str()),
            };
            tracing::warn!(operation_id = %id, step = row.step, code, detail, "a step of an operation failed");
            let mut transaction = api.people.pool.begin().await?;
            access::step_failed(&mut transaction, &row, code, detail).await?;
            transaction.commit().await?;
            return Ok(Turn::Over);
        }
    };
    access::step_done(&mut transaction, &row).await?;
    transaction.commit().await?;
    if let Some((email, note)) = mail {
        api.people.post.deliver(&email, note).await;
    }
    if row.next_step() == Some("verify") {
        standings::bring(api, WorkspaceId(row.workspace_id)).await;
    }
    Ok(Turn::Done)
}

type Mail = Option<(String, Note<'static>)>;

async fn step(api: &Parts, control: &mut PgConnection, row: &OperationRow) -> Result<Mail, Failure> {
    let workspace_id = WorkspaceId(row.workspace_id);
    match row.next_step() {
        Some("create") => create(api, control, row).await.map(|()| None),
        Some("schema") => schema(api, control, workspace_id).await.map(|()| None),
        Some("seed") => Ok(give_plan(control, workspace_id, &row.request.plan).await.map(|()| None)?),
        Some("first_user") => first_user(api, control, row).await,
        Some("register") => register(api, control, workspace_id).await.map(|()| None),
        _ => verify(api, control, row).await.map(|()| None),
    }
}

/// Who asked moves it.
fn mover(row: &OperationRow) -> Mover {
    Mover { user_id: Some(row.requested_by), name: row.requested_by_name.clone(), ..Mover::default() }
}

/// The draft was written down with the operation; what was asked for was checked.
async fn create(api: &Parts, control: &mut PgConnection, row: &OperationRow) -> Result<(), Failure> {
    let workspace_id = WorkspaceId(row.workspace_id);
    if access::get_tenant(control, workspace_id).await?.is_none() {
        access::draft_tenant(control, workspace_id, &row.request, &api.people.first_cell).await?;
    }
    Ok(move_tenant(control, workspace_id, TenantState::Provisioning, None, &mover(row)).await?)
}

/// Where the rows of the workspace live. It is asked over the caller's connection.
async fn cell_of(api: &Parts, control: &mut PgConnection, workspace_id: WorkspaceId) -> Result<Arc<Cell>, Failure> {
    let address = cells::cell_of(control, workspace_id).await?;
    let address = address.ok_or_else(|| Failure::ForNow("the workspace is not written down".into()))?;
    Ok(api.cells.get(&address).await?)
}

/// The pooled cell is there, with the tables of this release. It is asked as the API's role, for that workspace.
async fn schema(api: &Parts, control: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), Failure> {
    let cell = cell_of(api, control, workspace_id).await?;
    let mut transaction = tenant::read(&cell.pool, workspace_id).await?;
    let known: Option<String> = sqlx::query_scalar("SELECT s.state FROM standings s WHERE s.workspace_id = $1")
        .bind(workspace_id.0)
        .fetch_optional(&mut *transaction)
        .await?;
    transaction.commit().await?;
    match known.as_deref() {
        None | Some("provisioning") => Ok(()),
        Some(state) => Err(Failure::ForGood("cell_in_use", format!("the cell knows the workspace as {state}"))),
    }
}

/// Its owner. Somebody who is no user yet becomes one whose password is chosen behind a link to that address.
async fn first_user(api: &Parts, control: &mut PgConnection, row: &OperationRow) -> Result<Mail, Failure> {
    let email = &row.request.owner_email;
    let known = access::find_user(control, email).await?.map(|user| user.user_id);
    let user_id = match known {
        Some(user_id) => user_id,
        None => {
            let name = row.request.owner_name.clone();
            let name = name.unwrap_or_else(|| email.chars().take(NAME_CHARS_MAX).collect());
            // Of a password that nobody knows: they choose one behind the mailed link.
            let hash = hash_password(new_secret()).await?;
            let user_id = access::create_user(control, email, &name, &hash).await?;
            access::forget_password(control, user_id).await?;
            user_id
        }
    };
    access::add_member(control, WorkspaceId(row.workspace_id), user_id, Role::Owner).await?;
    if known.is_some() || !api.people.post.is_there() {
        return Ok(None);
    }
    let token = access::make_link(control, LinkKind::Reset, email).await?;
    let note = Note {
        subject: "Your Capstan workspace".into(),
        text: format!(
            "A workspace called {} was made for you. Choose a password here within an hour:",
            row.request.name
        ),
        link: Some(("reset", token)),
        end: "If that is too late, ask for another link where one logs in.",
    };
    Ok(Some((email.clone(), note)))
}

/// The cell learns of the workspace: where it is in its life, and its limits. Workers learn of a cell of its own.
async fn register(api: &Parts, control: &mut PgConnection, workspace_id: WorkspaceId) -> Result<(), Failure> {
    standings::bring_all(api, control, workspace_id).await?;
    plans::bring_all(api, workspace_id).await?;
    let address = cells::cell_of(control, workspace_id).await?;
    if let Some(address) = address.filter(CellAddress::is_dedicated) {
        cells::open_cell(control, address.cell_id).await?;
    }
    Ok(())
}

/// It can be reached, as the API's role and under row-level security, and has what it needs; then it is active.
async fn verify(api: &Parts, control: &mut PgConnection, row: &OperationRow) -> Result<(), Failure> {
    let workspace_id = WorkspaceId(row.workspace_id);
    let cell = cell_of(api, control, workspace_id).await?;
    let mut transaction = tenant::read(&cell.pool, workspace_id).await?;
    let (is_known, has_plan, has_rows): (bool, bool, bool) = sqlx::query_as(
        "SELECT EXISTS (SELECT FROM standings s WHERE s.workspace_id = $1), \
                EXISTS (SELECT FROM quota_plans q WHERE q.workspace_id = $1), \
                EXISTS (SELECT FROM workflows w WHERE w.workspace_id = $1)",
    )
    .bind(workspace_id.0)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    if !is_known || !has_plan {
        return Err(Failure::ForNow("the cell does not know the workspace or its plan yet".into()));
    }
    if has_rows {
        return Err(Failure::ForGood("cell_in_use", "the cell has rows of the workspace already".into()));
    }
    Ok(move_tenant(control, workspace_id, TenantState::Active, None, &mover(row)).await?)
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::ForNow(problem.internal.unwrap_or(problem.detail).into())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::ForNow(error.to_string())
    }
}

impl From<capstan_engine::store::error::StoreError> for Failure {
    fn from(error: capstan_engine::store::error::StoreError) -> Self {
        Self::ForNow(error.to_string())
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        Self::ForNow(error.to_string())
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        let code = match &error {
            AccessError::Store(_) | AccessError::UnknownCell(_) => return Self::ForNow(error.to_string()),
            AccessError::SlugTaken(_) => "slug_taken",
            AccessError::EmailTaken => return Self::ForNow(error.to_string()),
            _ => "refused",
        };
        Self::ForGood(code, error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::UnknownPlan(_) => Self::ForGood("unknown_plan", error.to_string()),
            PlanError::Store(_) => Self::ForNow(error.to_string()),
        }
    }
}

impl From<MoveError> for Failure {
    fn from(error: MoveError) -> Self {
        match error {
            MoveError::Store(_) => Self::ForNow(error.to_string()),
            MoveError::Unknown(_) | MoveError::Bad(_) => Self::ForGood("invalid_transition", error.to_string()),
        }
    }
}
