//! Where the secrets of a run have got to: the keys of its clients, and those that sign its links.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sqlx::PgConnection;

/// Tables, and partitions one by one, of every schema that is not the database's own.
const TABLES: &str = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1";
/// Where the keys of links are kept.
const KEPT: &str = "link_keys";

/// A secret in the forms in which it is likely to be written down whole.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) name: String,
    forms: Vec<String>,
}

impl Secret {
    /// One that is text, and passes as it is.
    pub(crate) fn text(name: &str, text: &str) -> Self {
        let mut forms = Self::bytes(name, text.as_bytes()).forms;
        forms.push(text.to_owned());
        Self { name: name.to_owned(), forms }
    }

    fn bytes(name: &str, bytes: &[u8]) -> Self {
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self { name: name.to_owned(), forms: vec![hex, STANDARD_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes)] }
    }

    /// Whether a text shows it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.forms.iter().any(|form| text.contains(form))
    }

    fn patterns(&self) -> Vec<String> {
        let escape = |form: &String| form.replace('\\', "\\\\").replace('_', "\\_").replace('%', "\\%");
        self.forms.iter().map(|form| format!("%{}%", escape(form))).collect()
    }
}

/// Adds the keys that sign links.
pub(crate) async fn with_link_keys(connection: &mut PgConnection, secrets: &mut Vec<Secret>) -> anyhow::Result<()> {
    let keys: Vec<Vec<u8>> = sqlx::query_scalar("SELECT secret FROM link_keys").fetch_all(connection).await?;
    secrets.extend(keys.iter().map(|key| Secret::bytes("a key of links", key)));
    Ok(())
}

/// Rows of all tables that show a secret. `known` is a text that is there, so that a search which finds nothing at all is an
/// error.
pub(crate) async fn in_tables(
    connection: &mut PgConnection,
    secrets: &[Secret],
    known: &str,
) -> anyhow::Result<Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await?;
    let known = Secret { name: String::new(), forms: vec![known.to_owned()] };
    let (mut found, mut is_known) = (Vec::new(), false);
    for table in &tables {
        for secret in secrets.iter().filter(|_| table.rsplit('.').next() != Some(KEPT)) {
            let rows = count(connection, table, secret).await?;
            if rows > 0 {
                found.push(format!("{} is in {rows} rows of {table}", secret.name));
            }
        }
        is_known |= !is_known && count(connection, table, &known).await? > 0;
    }
    anyhow::ensure!(is_known, "a search for secrets finds nothing in {} tables, not even what is there", tables.len());
    Ok(found)
}

async fn count(connection: &mut PgConnection, table: &str, secret: &Secret) -> anyhow::Result<i64> {
    let count = sqlx::query_scalar(&format!("SELECT count(*) FROM {table} t WHERE t::text LIKE ANY ($1)"))
        .bind(secret.patterns())
        .fetch_one(connection)
        .await;
    count.with_context(|| format!("{table} cannot be searched"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form_of_it() {
        let secret = Secret::text("a key", "cap_1/x?>");
        for shown in ["see cap_1/x?>!", "6361705f312f783f3e", "Y2FwXzEveD8+", "\"Y2FwXzEveD8-\""] {
            assert!(secret.is_in(shown), "{shown}");
        }
        assert!(!secret.is_in("cap_1"));
        assert!(secret.patterns().contains(&"%cap\\_1/x?>%".to_owned()));
    }
}
