//! Who a key or slug belongs to, remembered for a few seconds.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
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
/// Questions that may be asked at the same time, by hash; those that share a turn wait for each other.
const TURNS: usize = 64;

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
    turns: [tokio::sync::Mutex<()>; TURNS],
    hasher: RandomState,
}

impl Directory {
    pub(crate) fn new(pool: PgPool, first_cell: String) -> Self {
        let turns = std::array::from_fn(|_| tokio::sync::Mutex::default());
        Self { pool, first_cell, remembered: Mutex::default(), turns, hasher: RandomState::new() }
    }

    /// The workspace that a key opens.
    pub(crate) async fn by_key(&self, plain: &str) -> Result<Option<Tenant>, Problem> {
        if !access::is_key(plain) {
            return Ok(None);
        }
        self.answer(Question::Key(access::hash_key(plain)), async {
            let mut connection = self.pool.acquire().await?;
            Ok(access::resolve_key(&mut connection, plain).await?)
        })
        .await
    }

    /// The workspace of a slug.
    pub(crate) async fn by_slug(&self, slug: &str) -> Result<Option<Tenant>, Problem> {
        if !access::is_slug(slug) {
            return Ok(None);
        }
        self.answer(Question::Slug(slug.into()), async {
            let mut connection = self.pool.acquire().await?;
            Ok(access::resolve_slug(&mut connection, slug).await?)
        })
        .await
    }

    /// A workspace of the first cell, by its id.
    pub(crate) async fn by_id(&self, workspace_id: WorkspaceId) -> Result<Option<Tenant>, Problem> {
        self.answer(Question::Id(workspace_id), async {
            let mut transaction = tenant::read(&self.pool, workspace_id).await?;
            let slug = access::slug_of(&mut transaction, workspace_id).await?;
            transaction.commit().await?;
            let schema_name = self.first_cell.clone();
            Ok(slug.map(|slug| Tenant { workspace_id, slug, schema_name }))
        })
        .await
    }

    /// What is remembered, else what `ask` says: of a burst with the same question only the first asks.
    async fn answer(
        &self,
        question: Question,
        ask: impl Future<Output = Result<Option<Tenant>, Problem>>,
    ) -> Result<Option<Tenant>, Problem> {
        if let Some(tenant) = self.recall(&question) {
            return Ok(Some(tenant));
        }
        let turn = usize::try_from(self.hasher.hash_one(&question) % TURNS as u64).unwrap_or_default();
        let _turn = self.turns[turn].lock().await;
        if let Some(tenant) = self.recall(&question) {
            return Ok(Some(tenant));
        }
        Ok(self.remember(question, ask.await?))
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_burst_with_one_question_asks_once() {
        let pool = PgPool::connect_lazy("postgres://nobody@localhost/none").unwrap();
        let directory = Directory::new(pool, "cell_1".into());
        let tenant = Tenant { workspace_id: WorkspaceId::new(), slug: "acme".into(), schema_name: "cell_1".into() };
        let asked = AtomicUsize::new(0);
        let burst = (0..50).map(|_| {
            directory.answer(Question::Slug("acme".into()), async {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(Some(tenant.clone()))
            })
        });
        for answer in futures::future::join_all(burst).await {
            assert_eq!(answer.unwrap().as_ref(), Some(&tenant));
        }
        assert_eq!(asked.load(Ordering::Relaxed), 1);
    }
}
