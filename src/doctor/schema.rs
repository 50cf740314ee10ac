//! Schemas: migrated by this build, with months ahead.

use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::error::StoreError;
use capstan_engine::store::migrate::Kind;
use capstan_engine::store::vitals::{self, Migrations};
use sqlx::PgConnection;

use super::finding::Findings;

/// Looks at both schemas; whether their tables are as this build knows them, so that others may look into them.
pub(super) async fn look(owner: &mut PgConnection, control: &Place, cell: &Place, found: &mut Findings) -> bool {
    let mut is_migrated = true;
    for (check, looked) in
        [("control", vitals::migrations(owner, Kind::Control).await), ("cell", look_at_cell(cell).await)]
    {
        let schema = if check == "control" { &control.schema } else { &cell.schema };
        match looked {
            Ok(migrations) => is_migrated &= judge(check, schema, &migrations, found),
            Err(error) => {
                found.fail(check, error, "GRANT USAGE on the schema and SELECT on _sqlx_migrations to this login");
                is_migrated = false;
            }
        }
    }
    if is_migrated {
        look_at_months(cell, found).await;
    }
    is_migrated
}

async fn look_at_cell(cell: &Place) -> Result<Migrations, StoreError> {
    vitals::migrations(&mut cell.connect(Role::Owner).await?, Kind::Cell).await
}

fn judge(check: &'static str, schema: &str, migrations: &Migrations, found: &mut Findings) -> bool {
    let Migrations { missing, different, newer } = migrations;
    if !different.is_empty() {
        let hint = "it was interrupted, or is of a build that was never released: compare migrations/SHA256SUMS";
        found.fail(check, format!("migrations {different:?} of schema {schema} are not those of this build"), hint);
    }
    if !missing.is_empty() {
        let detail = format!("schema {schema} lacks {} migrations, the first is {}", missing.len(), missing[0]);
        found.fail(check, detail, "run `capstan migrate`");
    }
    if !newer.is_empty() {
        let detail = format!("a newer build has migrated schema {schema} (up to {})", newer[newer.len() - 1]);
        found.warn(check, detail, "upgrade this program, and restart what runs of it");
    }
    let is_good = different.is_empty() && missing.is_empty();
    if is_good && newer.is_empty() {
        found.ok(check, format!("schema {schema} is as this build knows it"));
    }
    is_good
}

async fn look_at_months(cell: &Place, found: &mut Findings) {
    let missing = match cell.connect(Role::Owner).await {
        Ok(mut owner) => vitals::missing_months(&mut owner).await,
        Err(error) => Err(error),
    };
    match missing {
        Ok(missing) if missing.is_empty() => found.ok("months", "partitions of this month and the next are there"),
        Ok(missing) => {
            let hint = "start a worker: it makes them once an hour; see its log for why it could not";
            found.fail("months", format!("missing: {}", missing.join(", ")), hint);
        }
        Err(error) => found.fail("months", error, "run this with the login of DATABASE_URL"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_schema_that_is_behind_or_different_may_not_be_looked_into() {
        let judged = |missing: &[i64], different: &[i64], newer: &[i64]| {
            let mut found = Findings::default();
            let migrations =
                Migrations { missing: missing.to_vec(), different: different.to_vec(), newer: newer.to_vec() };
            (judge("cell", "cell_1", &migrations, &mut found), found.worst())
        };
        assert_eq!(judged(&[], &[], &[]), (true, State::Ok));
        assert_eq!(judged(&[], &[], &[99]), (true, State::Warn));
        assert_eq!(judged(&[2], &[], &[]), (false, State::Fail));
        assert_eq!(judged(&[], &[1], &[]), (false, State::Fail));
    }
}
