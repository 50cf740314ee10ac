//! Settings of the platform: which there are, what each may be, and what holds. One that nobody has set is as the environment of the
//! process says.

use capstan_engine::store::error::StoreError;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use thiserror::Error;
use url::Url;

use crate::leads::is_email;

/// Fewest and most requests of a limit for each minute: fewer would shut everybody out who looks at the editor.
const REQUESTS: (i64, i64) = (60, 100_000_000);
/// The same of an address on public routes, where people do by hand what they do.
const TRIES: (i64, i64) = (10, 1_000_000);

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A sentence or an address for people, of at most so many characters.
    Text(usize),
    /// An e-mail address, or the address of a page (`http` or `https`), of at most so many characters.
    Address(usize),
    /// The name of a plan that there is; the caller looks.
    Plan,
    /// A whole number from the first to the second.
    Number(i64, i64),
}

/// A setting that there is.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// A stable word.
    pub name: &'static str,
    /// What it may be.
    pub kind: SettingKind,
    /// What it is for, for people.
    pub about: &'static str,
}

/// All settings.
pub const SETTINGS: [Setting; 7] = [
    Setting {
        name: "sign_up",
        kind: SettingKind::Choice(&["open", "closed"]),
        about: "Whether anybody may sign up, and make workspaces.",
    },
    Setting { name: "default_plan", kind: SettingKind::Plan, about: "The plan of workspaces for which none is named." },
    Setting { name: "notice", kind: SettingKind::Text(500), about: "What everybody is shown above each page." },
    Setting {
        name: "support_address",
        kind: SettingKind::Address(200),
        about: "Where people are told to ask for help: an e-mail address, or the address of a page.",
    },
    Setting {
        name: "requests_per_minute_of_caller",
        kind: SettingKind::Number(REQUESTS.0, REQUESTS.1),
        about: "How many requests a key or a person may send within a minute.",
    },
    Setting {
        name: "requests_per_minute_of_workspace",
        kind: SettingKind::Number(REQUESTS.0, REQUESTS.1),
        about: "How many requests all who act in a workspace may send within a minute.",
    },
    Setting {
        name: "requests_per_minute_of_address",
        kind: SettingKind::Number(TRIES.0, TRIES.1),
        about: "How many requests may come from one address within a minute on public routes that change something.",
    },
];

/// The setting of that name.
#[must_use]
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// Why a value is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SettingFlaw {
    /// It is none of the words.
    #[error("it is none of {}", .0.join(", "))]
    Choice(&'static [&'static str]),
    /// It is no text, empty, or too long.
    #[error("it is no text of 1 to {0} characters")]
    Text(usize),
    /// It is no address, or too long.
    #[error("it is neither an e-mail address nor an http or https address, of at most {0} characters")]
    Address(usize),
    /// It is no whole number between these.
    #[error("it is no whole number from {0} to {1}")]
    Number(i64, i64),
}

impl Setting {
    /// Refuses what it cannot be. Whether a plan is there is for the caller to look.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, value: &Value) -> Result<(), SettingFlaw> {
        let is_text = |chars_max: usize| {
            value.as_str().is_some_and(|text| {
                let is_plain = !text.chars().any(|c| c.is_control() && c != '\n');
                !text.trim().is_empty() && text.chars().count() <= chars_max && is_plain
            })
        };
        match self.kind {
            SettingKind::Choice(words) if !value.as_str().is_some_and(|word| words.contains(&word)) => {
                Err(SettingFlaw::Choice(words))
            }
            SettingKind::Text(chars_max) if !is_text(chars_max) => Err(SettingFlaw::Text(chars_max)),
            SettingKind::Address(chars_max) if !is_text(chars_max) || !value.as_str().is_some_and(is_address) => {
                Err(SettingFlaw::Address(chars_max))
            }
            SettingKind::Plan if !is_text(100) => Err(SettingFlaw::Text(100)),
            SettingKind::Number(min, max) if !value.as_i64().is_some_and(|it| (min..=max).contains(&it)) => {
                Err(SettingFlaw::Number(min, max))
            }
            _ => Ok(()),
        }
    }

    /// What it may be, as JSON for who shows a form.
    #[must_use]
    pub fn shape(&self) -> Value {
        match self.kind {
            SettingKind::Choice(words) => json!({ "type": "choice", "words": words }),
            SettingKind::Text(chars_max) | SettingKind::Address(chars_max) => {
                json!({ "type": "text", "chars_max": chars_max })
            }
            SettingKind::Plan => json!({ "type": "plan" }),
            SettingKind::Number(min, max) => json!({ "type": "number", "min": min, "max": max }),
        }
    }
}

/// Where somebody can be asked: by mail, or at a page.
fn is_address(text: &str) -> bool {
    let is_page = || {
        let page = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        page.is_some_and(|url| url.has_host()) && !text.chars().any(char::is_whitespace)
    };
    is_email(text) || is_page()
}

/// What holds by settings that somebody has set; absent is as the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    /// Whether anybody may sign up.
    pub sign_up: Option<bool>,
    /// The usual plan.
    pub default_plan: Option<String>,
    /// What everybody is shown.
    pub notice: Option<String>,
    /// Where to ask for help.
    pub support_address: Option<String>,
    /// Requests of a key or person within a minute.
    pub caller: Option<i32>,
    /// Of all who act in a workspace.
    pub workspace: Option<i32>,
    /// From an address on public routes.
    pub address: Option<i32>,
}

impl InForce {
    /// By the rows of the table. What this build does not know, or would refuse, changes nothing.
    #[must_use]
    pub fn of_rows(rows: &[(String, Value)]) -> Self {
        let mut it = Self::default();
        for (name, value) in rows {
            if setting(name).is_none_or(|setting| setting.check(value).is_err()) {
                continue;
            }
            let text = || value.as_str().map(str::to_owned);
            let number = || value.as_i64().and_then(|number| i32::try_from(number).ok());
            match name.as_str() {
                "sign_up" => it.sign_up = Some(value == "open"),
                "default_plan" => it.default_plan = text(),
                "notice" => it.notice = text(),
                "support_address" => it.support_address = text(),
                "requests_per_minute_of_caller" => it.caller = number(),
                "requests_per_minute_of_workspace" => it.workspace = number(),
                "requests_per_minute_of_address" => it.address = number(),
                _ => {}
            }
        }
        it
    }
}

/// A setting that was set.
#[derive(Clone, Debug, FromRow)]
pub struct SettingRow {
    /// Which.
    pub name: String,
    /// To what.
    pub value: Value,
    /// Address of who set it.
    pub changed_by: String,
    /// When.
    pub changed_at: DateTime<Utc>,
}

/// What holds now. For the API's role.
///
/// # Errors
/// If the database does.
pub async fn in_force(connection: &mut PgConnection) -> Result<InForce, StoreError> {
    let rows: Vec<(String, Value)> =
        sqlx::query_as("SELECT s.name, s.value FROM system_settings s").fetch_all(connection).await?;
    Ok(InForce::of_rows(&rows))
}

/// Has changes take turns until the transaction ends, so that the before of one is the after of another. For the access role.
///
/// # Errors
/// If the database does.
pub async fn hold_settings(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("LOCK TABLE system_settings IN SHARE ROW EXCLUSIVE MODE").execute(connection).await?;
    Ok(())
}

/// All that were set, by name. For the access role.
///
/// # Errors
/// If the database does.
pub async fn list_settings(connection: &mut PgConnection) -> Result<Vec<SettingRow>, StoreError> {
    let rows = sqlx::query_as("SELECT name, value, changed_by, changed_at FROM system_settings ORDER BY name");
    Ok(rows.fetch_all(connection).await?)
}

/// Sets one, to what was checked. For the access role, after [`hold_settings`].
///
/// # Errors
/// If the database does.
pub async fn set_setting(
    connection: &mut PgConnection,
    setting: &Setting,
    value: &Value,
    changed_by: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO system_settings (name, value, changed_by) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_by = excluded.changed_by, \
           changed_at = clock_timestamp()",
    )
    .bind(setting.name)
    .bind(value)
    .bind(changed_by)
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets one be as the environment says. For the access role, after [`hold_settings`].
///
/// # Errors
/// If the database does.
pub async fn remove_setting(connection: &mut PgConnection, setting: &Setting) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM system_settings WHERE name = $1").bind(setting.name).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_takes_what_it_may_be_and_nothing_else() {
        for (name, value, is_good) in [
            ("sign_up", json!("open"), true),
            ("sign_up", json!("ajar"), false),
            ("sign_up", json!(true), false),
            ("default_plan", json!("free"), true),
            ("notice", json!("Down at\nnoon."), true),
            ("notice", json!("  "), false),
            ("notice", json!("x".repeat(501)), false),
            ("notice", json!("bell\u{7}"), false),
            ("support_address", json!("help@example.com"), true),
            ("support_address", json!("https://help.example.com/ask?by=us"), true),
            ("support_address", json!("javascript:alert(1)"), false),
            ("support_address", json!("call us"), false),
            ("support_address", json!("https://help.example.com/ask us"), false),
            ("support_address", json!(format!("https://help.example.com/{}", "x".repeat(200))), false),
            ("requests_per_minute_of_caller", json!(60), true),
            ("requests_per_minute_of_caller", json!(59), false),
            ("requests_per_minute_of_caller", json!(60.5), false),
            ("requests_per_minute_of_address", json!("100"), false),
        ] {
            assert_eq!(setting(name).unwrap().check(&value).is_ok(), is_good, "{name} {value}");
        }
        assert!(setting("of_tomorrow").is_none());
    }

    #[test]
    fn each_setting_that_there_is_comes_to_hold_and_what_is_not_known_changes_nothing() {
        let rows = |name: &str, value: Value| [(name.to_owned(), value)];
        for kind in SETTINGS {
            let value = match kind.kind {
                SettingKind::Choice(words) => json!(words[0]),
                SettingKind::Text(_) | SettingKind::Plan => json!("text"),
                SettingKind::Address(_) => json!("help@example.com"),
                SettingKind::Number(min, _) => json!(min),
            };
            assert_ne!(InForce::of_rows(&rows(kind.name, value)), InForce::default(), "{}", kind.name);
        }
        assert_eq!(InForce::of_rows(&rows("of_tomorrow", json!(1))), InForce::default());
        assert_eq!(InForce::of_rows(&rows("sign_up", json!(1))), InForce::default());
    }
}
