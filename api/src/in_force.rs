//! What holds for all workspaces: settings of the platform where somebody has set them, else what the environment of the process says.
//! Every process reads them anew each few seconds; nothing is restarted.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use capstan_domain::platform::{self, InForce};
use tokio::time::sleep;

use crate::problem::Problem;
use crate::rates::RateLimits;
use crate::{Api, Parts};

/// Time between two looks, of one statement each: what was set holds in all processes after that long.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What was read last; what the environment says until then, and while `control` is away.
#[derive(Default)]
pub(crate) struct Settings(RwLock<Arc<InForce>>);

impl Settings {
    pub(crate) fn now(&self) -> Arc<InForce> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn hold(&self, read: InForce) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if **held != read {
            *held = Arc::new(read);
        }
    }
}

/// Looks at once and then again and again, as long as the API exists.
pub(crate) async fn follow(api: Weak<Parts>) {
    loop {
        let Some(parts) = api.upgrade() else { return };
        if let Err(problem) = look(&parts).await {
            let cause = problem.internal.as_deref().unwrap_or(&problem.detail);
            tracing::warn!(cause, "settings of the platform were not read; those before hold until they are");
        }
        drop(parts);
        sleep(LOOK_EVERY).await;
    }
}

/// Reads them now.
pub(crate) async fn look(api: &Parts) -> Result<(), Problem> {
    let mut transaction = api.directory.pool.begin().await?;
    let read = platform::in_force(&mut transaction).await?;
    transaction.commit().await?;
    api.in_force.hold(read);
    Ok(())
}

/// Whether anybody may sign up.
pub(crate) fn sign_up(api: &Api) -> bool {
    api.in_force.now().sign_up.unwrap_or(api.people.settings.sign_up)
}

/// The plan of workspaces for which none is named.
pub(crate) fn plan(api: &Api) -> String {
    api.in_force.now().default_plan.clone().unwrap_or_else(|| api.people.settings.plan.clone())
}

/// How many requests one may send within a minute.
pub(crate) fn rates(api: &Api) -> RateLimits {
    let (set, usual) = (api.in_force.now(), api.people.settings.rates);
    RateLimits {
        caller: set.caller.unwrap_or(usual.caller),
        workspace: set.workspace.unwrap_or(usual.workspace),
        address: set.address.unwrap_or(usual.address),
    }
}
