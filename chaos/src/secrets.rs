//! Where the secrets of a run have got to: the keys of its clients, and those that sign its links.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sqlx::PgConnection;

/// Tables, and partitions one by one, of every schema that is not the database's own.
const TABLES: &str = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1";
/// Where the keys of links are kept.
const LINK_KEYS: &str = "link_keys";

/// A secret in the forms in which it is likely to be written down whole.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) name: String,
    forms: Vec<String>,
    /// The one table in which it may be.
    kept_in: Option<&'static str>,
}

impl Secret {
    /// One that is text, and passes as it is.
    pub(crate) fn text(name: &str, text: &str) -> Self {
        let mut secret = Self::bytes(name, text.as_bytes());
        secret.forms.push(text.to_owned());
        secret
    }

    fn bytes(name: &str, bytes: &[u8]) -> Self {
        let mut forms = vec![bytes.iter().map(|byte| format!("{byte:02x}")).collect()];
        for before in 0..3 {
            forms.extend([inner(&STANDARD_NO_PAD, bytes, before), inner(&URL_SAFE_NO_PAD, bytes, before)]);
        }
        Self { name: name.to_owned(), forms, kept_in: None }
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

/// The digits of some bytes in the middle of a text in base 64, `before` bytes after a boundary: those that hang on nothing
/// beside them.
fn inner(engine: &impl Engine, bytes: &[u8], before: usize) -> String {
    let digits = engine.encode([&[0; 3][..before], bytes].concat());
    let (first, shared) = ((before * 4).div_ceil(3), usize::from(!(before + bytes.len()).is_multiple_of(3)));
    digits[first..digits.len() - shared].to_owned()
}

/// These, and the keys that sign links; some there must be if links were made.
pub(crate) async fn with_link_keys(
    connection: &mut PgConnection,
    secrets: &[Secret],
    were_made: bool,
) -> anyhow::Result<Vec<Secret>> {
    let sql = format!("SELECT secret FROM {LINK_KEYS}");
    let keys: Vec<Vec<u8>> = sqlx::query_scalar(&sql).fetch_all(connection).await?;
    anyhow::ensure!(!(were_made && keys.is_empty()), "links were to be made, and there is no key of links");
    let secret = |key: &Vec<u8>| Secret { kept_in: Some(LINK_KEYS), ..Secret::bytes("a key of links", key) };
    Ok(secrets.iter().cloned().chain(keys.iter().map(secret)).collect())
}

/// Rows of all tables that show a secret. `known` is a text that is there, so that a search which finds nothing at all is an
/// error.
pub(crate) async fn in_tables(
    connection: &mut PgConnection,
    secrets: &[Secret],
    known: &str,
) -> anyhow::Result<Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(TABLES).fetch_all(&mut *connection).await?;
    anyhow::ensure!(!known.is_empty(), "there is no word that must be found");
    let known = Secret::text("", known);
    let (mut found, mut is_known) = (Vec::new(), false);
    for table in &tables {
        for secret in secrets.iter().filter(|secret| secret.kept_in != table.rsplit('.').next()) {
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
    fn a_secret_is_found_in_every_form_of_it_and_wherever_it_stands() {
        let text = "cap_1/x?>~";
        let secret = Secret::text("a key", text);
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(secret.is_in(&format!("see {text}!")) && secret.is_in(&hex));
        for around in
            ["", "a", "ab", "abc"].into_iter().flat_map(|before| [(before, ""), (before, "z"), (before, "yz")])
        {
            let shown = format!("{}{text}{}", around.0, around.1);
            assert!(secret.is_in(&STANDARD_NO_PAD.encode(&shown)), "{shown}");
            assert!(secret.is_in(&URL_SAFE_NO_PAD.encode(&shown)), "{shown}");
        }
        assert!(!secret.is_in("cap_1") && !secret.is_in(&STANDARD_NO_PAD.encode("cap_1/x?")));
        assert!(secret.patterns().contains(&"%cap\\_1/x?>~%".to_owned()));
    }
}
