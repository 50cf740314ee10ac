//! Who a key or slug belongs to, remembered for a few seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use capstan_domain::access::{self, Tenant};
use capstan_engine::core::ids::WorkspaceId;
use sqlx::PgPool;

use crate::problem::Problem;
use crate::tenant;

/// How long an answer is used again; a revoked key may work for that long.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// Most answers that are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// Keys are remembered by their hash, never as text.
#[derive(PartialEq, Eq, Hash)]
enum Question {
    Key([u8; 32]),
    Slug(String),
    Id(WorkspaceId),
}

pub(crate) struct Directory {
    pub(crate) pool: PgPool,
    first_cell: String,
    remembered: Mutex<HashMap<Question, (Instant, Tenant)>>,
}

impl Directory {
    pub(crate) fn new(pool: PgPool, first_cell: String) -> Self {
        Self { pool, first_cell, remembered: Mutex::default() }
    }

    /// The workspace that a key opens.
    pub(crate) async fn by_key(&self, plain: &str) -> Result<Option<Tenant>, Problem> {
        if !access::is_key(plain) {
            return Ok(None);
        }
        let question = Question::Key(access::hash_key(plain));
        if let Some(tenant) = self.recall(&question) {
            return Ok(Some(tenant));
        }
        let mut connection = self.pool.acquire().await?;
        Ok(self.remember(question, access::resolve_key(&mut connection, plain).await?))
    }

    /// The workspace of a slug.
    pub(crate) async fn by_slug(&self, slug: &str) -> Result<Option<Tenant>, Problem> {
        if !access::is_slug(slug) {
            return Ok(None);
        }
        let question = Question::Slug(slug.into());
        if let Some(tenant) = self.recall(&question) {
            return Ok(Some(tenant));
        }
        let mut connection = self.pool.acquire().await?;
        Ok(self.remember(question, access::resolve_slug(&mut connection, slug).await?))
    }

    /// A workspace of the first cell, by its id.
    pub(crate) async fn by_id(&self, workspace_id: WorkspaceId) -> Result<Option<Tenant>, Problem> {
        let question = Question::Id(workspace_id);
        if let Some(tenant) = self.recall(&question) {
            return Ok(Some(tenant));
        }
        let mut transaction = tenant::read(&self.pool, workspace_id).await?;
        let slug = access::slug_of(&mut transaction, workspace_id).await?;
        transaction.commit().await?;
        let schema_name = self.first_cell.clone();
        Ok(self.remember(question, slug.map(|slug| Tenant { workspace_id, slug, schema_name })))
    }

    fn recall(&self, question: &Question) -> Option<Tenant> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, tenant) = remembered.get(question)?;
        (since.elapsed() < REMEMBERED_FOR).then(|| tenant.clone())
    }

    fn remember(&self, question: Question, tenant: Option<Tenant>) -> Option<Tenant> {
        let tenant = tenant?;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.retain(|_, (since, _)| since.elapsed() < REMEMBERED_FOR);
        }
        if remembered.len() < REMEMBERED_MAX {
            remembered.insert(question, (Instant::now(), tenant.clone()));
        }
        Some(tenant)
    }
}
