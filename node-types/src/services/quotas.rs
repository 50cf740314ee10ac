//! Where steps ask before they use something that a plan limits.

use std::sync::Arc;

use capstan_domain::quotas::{Refused, Till};
use capstan_engine::core::ids::WorkspaceId;
use capstan_engine::core::outcome::Outcome;
use capstan_engine::store::error::StoreError;
use futures::future::BoxFuture;

use crate::node_type::Context;
use crate::own_database::unanswered;

/// Class of a refusal: the quota is used up.
pub(crate) const QUOTA: &str = "quota";
/// Class of a quota that cannot be asked for at the moment.
pub(crate) const QUOTA_AWAY: &str = "quota_unknown";

/// Spends what a plan allows.
pub trait QuotaDesk: Send + Sync {
    /// Spends so many units of a meter, or none and says that it is used up.
    fn admit(
        &self,
        workspace_id: WorkspaceId,
        meter: &'static str,
        units: i64,
    ) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>>;
    /// What they were spent on is, or soon will be, written as a fact.
    fn confirm(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64);
    /// They were spent on nothing.
    fn give_back(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64);
}

impl QuotaDesk for Arc<Till> {
    fn admit(
        &self,
        workspace_id: WorkspaceId,
        meter: &'static str,
        units: i64,
    ) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        Box::pin(Till::admit_units(self, workspace_id, meter, units))
    }

    fn confirm(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64) {
        Till::confirm_units(self, workspace_id, meter, units);
    }

    fn give_back(&self, workspace_id: WorkspaceId, meter: &'static str, units: i64) {
        Till::give_units_back(self, workspace_id, meter, units);
    }
}

/// Units that were spent. Unless they are used, they go back, also if whoever spent them is dropped in the middle.
pub(crate) struct Spent<'a> {
    desk: &'a dyn QuotaDesk,
    workspace_id: WorkspaceId,
    meter: &'static str,
    units: i64,
    is_used: bool,
}

impl<'a> Spent<'a> {
    /// Spends so many units, or none and says that the quota is used up.
    ///
    /// # Errors
    /// If the database does; then nothing was spent.
    pub(crate) async fn units(
        desk: &'a dyn QuotaDesk,
        workspace_id: WorkspaceId,
        meter: &'static str,
        units: i64,
    ) -> Result<Result<Self, Refused>, StoreError> {
        let admitted = desk.admit(workspace_id, meter, units).await?;
        Ok(admitted.map(|()| Self { desk, workspace_id, meter, units, is_used: false }))
    }

    /// The same for a step; or how its attempt ends. `what` is used up, for people.
    pub(crate) async fn of_step(
        context: &'a Context,
        meter: &'static str,
        units: i64,
        what: &str,
    ) -> Result<Self, Outcome> {
        let spending = Self::units(&*context.services.quotas, context.workspace_id, meter, units);
        match context.database.ask(spending).await {
            Ok(Ok(spent)) => Ok(spent),
            Ok(Err(_)) => {
                let hint = "wait for the next, or have the quota raised";
                let lacks = match units {
                    1 => format!("this workspace has used up its {what} of this month; {hint}"),
                    _ => format!("this workspace has fewer than {units} left of its {what} of this month; {hint}"),
                };
                Err(Outcome::fail(QUOTA, lacks))
            }
            Err(error) => {
                let reason = format!("the quota cannot be asked for at the moment: {error}");
                Err(unanswered(&error, QUOTA_AWAY, reason))
            }
        }
    }

    /// What they were spent on is, or soon will be, written as a fact.
    pub(crate) fn confirm(mut self) {
        self.is_used = true;
        self.desk.confirm(self.workspace_id, self.meter, self.units);
    }
}

impl Drop for Spent<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.desk.give_back(self.workspace_id, self.meter, self.units);
        }
    }
}

/// Allows everything: for what has no effect.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoQuotas;

impl QuotaDesk for NoQuotas {
    fn admit(&self, _: WorkspaceId, _: &'static str, _: i64) -> BoxFuture<'_, Result<Result<(), Refused>, StoreError>> {
        Box::pin(async { Ok(Ok(())) })
    }

    fn confirm(&self, _: WorkspaceId, _: &'static str, _: i64) {}

    fn give_back(&self, _: WorkspaceId, _: &'static str, _: i64) {}
}
