//! A standby that lists are read from, as long as it follows its primary closely.
//!
//! How far it is behind is not asked of its clock: a standby that hears nothing believes that it is up to date. Again and again
//! the primary tells how far its log is; the standby shows all that was acknowledged at that moment once it is there, too.

mod following;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use axum::http::Method;
use axum::http::request::Parts;
use capstan_engine::store::connect::Place;
use capstan_engine::store::standby;
use capstan_engine::store::transactions::Transactions;
use sqlx::postgres::PgConnectOptions;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::Api;
use crate::actor::{Actor, Who};
use crate::permit::Access;
use crate::problem::Problem;
use following::Following;

/// Times between two looks.
const LOOK_MS: std::ops::RangeInclusive<u64> = 100..=1_000;
/// Longest wait for the answers to one look.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// Longest wait for the standby's answer to a request, which the primary is asked for then.
pub(crate) const ANSWER_MAX: Duration = Duration::from_secs(3);
/// Connections for looks.
const LOOK_CONNECTIONS_MAX: u32 = 1;

/// Longest that a statement of a request runs there: nobody waits for it any more.
const STATEMENT_MAX: Duration = Duration::from_secs(4);
/// How long nobody asks it after it has failed.
const REST: Duration = Duration::from_secs(10);

/// Where it is, and how far it may be behind.
#[derive(Clone)]
pub struct ReplicaSettings {
    /// Address and login of the standby.
    pub database: PgConnectOptions,
    /// Age of what it shows from which on the primary is asked.
    pub lag_max: Duration,
}

impl ReplicaSettings {
    /// The standby's copy of `place`.
    pub(crate) fn copy_of(&self, place: &Place, connections_max: u32) -> Transactions {
        Transactions::of_copy(place, &self.database, connections_max, STATEMENT_MAX)
    }
}

/// Without the address, which may hold a password.
impl std::fmt::Debug for ReplicaSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ReplicaSettings").field("lag_max", &self.lag_max).finish_non_exhaustive()
    }
}

/// The standby, and how it follows.
pub(crate) struct Replica {
    look_every: Duration,
    pool: Transactions,
    following: Mutex<Following>,
}

/// Marked on a request that the standby is to answer.
#[derive(Clone, Copy)]
pub(crate) struct FromReplica;

impl Replica {
    pub(crate) fn new(settings: &ReplicaSettings, cell: &Place) -> Self {
        let quarter = u64::try_from(settings.lag_max.as_millis() / 4).unwrap_or(u64::MAX);
        Self {
            look_every: Duration::from_millis(quarter.clamp(*LOOK_MS.start(), *LOOK_MS.end())),
            pool: settings.copy_of(cell, LOOK_CONNECTIONS_MAX),
            following: Mutex::new(Following::new(settings.lag_max)),
        }
    }

    /// Whether what it shows is young enough for a request of `caller`.
    pub(crate) fn is_close(&self, caller: Option<Uuid>) -> bool {
        self.following().is_close(caller, Instant::now())
    }

    /// It has failed: nobody asks it for a while.
    pub(crate) fn give_up(&self) {
        self.following().rest_until(Instant::now() + REST);
    }

    /// `used`, `behind` or `lost`, for people.
    pub(crate) fn standing(&self) -> &'static str {
        match (self.is_close(None), self.following().is_lost) {
            (true, _) => "used",
            (false, true) => "lost",
            (false, false) => "behind",
        }
    }

    fn following(&self) -> MutexGuard<'_, Following> {
        self.following.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, primary: &Transactions) {
        let before = self.standing();
        let at = Instant::now();
        let asked = timeout(LOOK_MAX, async {
            let mut transaction = primary.begin().await?;
            let written = standby::written(&mut transaction).await?;
            transaction.commit().await?;
            let mut transaction = self.pool.begin().await?;
            let replayed = standby::replayed(&mut transaction).await?;
            transaction.commit().await?;
            Ok::<_, Problem>((written, replayed))
        });
        let cause = match asked.await {
            Ok(Ok((written, Some(replayed)))) if replayed.system == written.system => {
                self.following().learn(at, written, replayed);
                None
            }
            Ok(Ok((_, Some(_)))) => Some("it is a standby of another server".to_owned()),
            Ok(Ok((_, None))) => Some("it is no standby".to_owned()),
            Ok(Err(problem)) => Some(problem.internal.map_or_else(|| problem.detail.to_string(), String::from)),
            Err(_) => Some(format!("no answer within {} s", LOOK_MAX.as_secs())),
        };
        if cause.is_some() {
            let mut following = self.following();
            following.forget();
            following.is_lost = true;
        }
        let now = self.standing();
        match (before == now, now) {
            (true, _) => {}
            (false, "used") => tracing::info!("lists are read from the replica"),
            (false, _) => tracing::warn!(cause, replica = now, "lists are read from the primary"),
        }
    }
}

/// Looks now and then, as long as the API exists.
pub(crate) async fn watch(api: Weak<crate::Parts>) {
    loop {
        let pause = {
            let Some(api) = api.upgrade() else { return };
            let Some(replica) = &api.replica else { return };
            replica.look(&api.directory.pool).await;
            replica.look_every
        };
        sleep(pause).await;
    }
}

/// Who asks: a key or a person.
pub(crate) fn caller(parts: &Parts) -> Option<Uuid> {
    match &parts.extensions.get::<Arc<Actor>>()?.who {
        Who::Key(admitted) => Some(admitted.key.key_id),
        Who::Person(person) => Some(person.user_id),
        Who::Machine => None,
    }
}

/// A request under way that may change something. When it is over, however it went, its caller is known to have done so.
pub(crate) struct Writing(Option<(Api, Uuid)>);

impl Writing {
    pub(crate) fn of(api: &Api, parts: &Parts, access: Access) -> Self {
        let looks = matches!(access, Access::Needs(permission) if permission.as_str().ends_with(".read"));
        let reads = looks || parts.method == Method::GET || parts.method == Method::HEAD;
        Self(if reads || api.replica.is_none() { None } else { caller(parts).map(|caller| (api.clone(), caller)) })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some((api, caller)) = &self.0
            && let Some(replica) = &api.replica
        {
            replica.following().note_write(*caller, Instant::now());
        }
    }
}
