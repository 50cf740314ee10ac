//! Where people may log in beside here: a file of the operator.

use std::path::Path;

use anyhow::Context;
use capstan_api::LoginProvider;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    provider: Vec<LoginProvider>,
}

/// The providers of a file, each a table `[[provider]]` of TOML; none without a file.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Vec<LoginProvider>> {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else { return Ok(Vec::new()) };
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the login providers in {shown}"))?;
    parse(&text).with_context(|| format!("the login providers in {shown} cannot be used"))
}

fn parse(text: &str) -> anyhow::Result<Vec<LoginProvider>> {
    // What the parser shows of the text may be a secret.
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        anyhow::anyhow!("near line {line}: {}", error.message())
    })?;
    LoginProvider::check(&file.provider)?;
    Ok(file.provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[provider]]
        id = "company"
        name = "Company"
        issuer = "https://login.example.com"
        client_id = "capstan"
        client_secret = "hunter22"
    "#;

    #[test]
    fn a_file_has_a_table_for_each_provider() {
        let providers = parse(&format!("{GOOD}sign_up = true\nemail_domains = [\"example.com\"]\n")).unwrap();
        assert_eq!((providers[0].id.as_str(), providers[0].sign_up), ("company", Some(true)));
        assert_eq!(providers[0].scopes, ["email", "profile"]);
        assert!(parse("").unwrap().is_empty() && read(None).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_used_is_told_without_secrets() {
        for (text, said) in [
            (format!("{GOOD}secret = \"x\""), "unknown field"),
            (GOOD.replace("https", "http"), "https://"),
            (GOOD.replace("client_secret = \"hunter22\"", "client_secret = \"hunter22"), "line"),
            (format!("{GOOD}{GOOD}"), "another one"),
            (GOOD.replace("provider", "providers"), "unknown field"),
        ] {
            let error = format!("{:#}", parse(&text).unwrap_err());
            assert!(error.contains(said) && !error.contains("hunter22"), "{error}");
        }
    }
}
