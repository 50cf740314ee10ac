//! Who a key or slug belongs to, remembered for a moment.

use std::sync::Arc;
use std::time::Duration;

use capstan_domain::access::tokens::Claims;
use capstan_domain::access::{self, AdmittedKey, Tenant};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::store::transactions::Transactions;
use uuid::Uuid;

use crate::problem::Problem;
use crate::remembered::Remembered;

/// How long an answer is used again; a revoked key may work for that long.
const REMEMBERED_FOR: Duration = Duration::from_secs(1);

#[derive(PartialEq, Eq, Hash)]
enum Question {
    Slug(String),
    Id(WorkspaceId),
}

pub(crate) struct Directory {
    pub(crate) pool: Transactions,
    remembered: Remembered<Question, Tenant>,
    /// By their hash, never as text.
    keys: Remembered<[u8; 32], Arc<AdmittedKey>>,
    /// By workspace and id, for tokens.
    keys_by_id: Remembered<(WorkspaceId, Uuid), Arc<AdmittedKey>>,
}

impl Directory {
    pub(crate) fn new(pool: Transactions) -> Self {
        Self {
            pool,
            remembered: Remembered::for_at_most(REMEMBERED_FOR),
            keys: Remembered::for_at_most(REMEMBERED_FOR),
            keys_by_id: Remembered::for_at_most(REMEMBERED_FOR),
        }
    }

    /// The key, if it opens something. Now and then it is noted that it was of use.
    pub(crate) async fn by_key(&self, plain: &str) -> Result<Option<Arc<AdmittedKey>>, Problem> {
        if !access::is_key(plain) {
            return Ok(None);
        }
        self.keys
            .answer(access::hash_key(plain), async {
                let mut transaction = self.pool.begin().await?;
                let admitted = access::admit_key(&mut transaction, plain).await?;
                if admitted.as_ref().is_some_and(|admitted| admitted.is_stale)
                    && let Err(error) = access::touch_key(&mut transaction, plain).await
                {
                    tracing::debug!(%error, "it was not noted that a key was of use");
                }
                transaction.commit().await?;
                Ok(admitted.map(Arc::new))
            })
            .await
    }

    /// What a token whose signature is good opens: its key as it is now, narrowed to what the token says.
    pub(crate) async fn by_token(&self, claims: &Claims) -> Result<Option<Arc<AdmittedKey>>, Problem> {
        let (workspace_id, key_id) = (claims.workspace(), claims.client_id);
        let key = self.keys_by_id.answer((workspace_id, key_id), async {
            let mut transaction = self.pool.begin().await?;
            let admitted = access::admit_key_by_id(&mut transaction, workspace_id, key_id).await?;
            if admitted.as_ref().is_some_and(|admitted| admitted.is_stale)
                && let Err(error) = access::touch_key_by_id(&mut transaction, workspace_id, key_id).await
            {
                tracing::debug!(%error, "it was not noted that a key was of use");
            }
            transaction.commit().await?;
            Ok::<_, Problem>(admitted.map(Arc::new))
        });
        Ok(key.await?.map(|key| Arc::new(claims.narrow(&key))))
    }

    /// The workspace of a slug.
    pub(crate) async fn by_slug(&self, slug: &str) -> Result<Option<Tenant>, Problem> {
        if !access::is_slug(slug) {
            return Ok(None);
        }
        self.remembered
            .answer(Question::Slug(slug.into()), async {
                let mut transaction = self.pool.begin().await?;
                let found = access::resolve_slug(&mut transaction, slug).await?;
                transaction.commit().await?;
                Ok(found)
            })
            .await
    }

    /// A workspace by its id.
    pub(crate) async fn by_id(&self, workspace_id: WorkspaceId) -> Result<Option<Tenant>, Problem> {
        self.remembered
            .answer(Question::Id(workspace_id), async {
                let mut transaction = self.pool.begin().await?;
                let found = access::tenant_of(&mut transaction, workspace_id).await?;
                transaction.commit().await?;
                Ok(found)
            })
            .await
    }
}
