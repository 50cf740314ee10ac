//! How Google accounts are connected that mail is sent as: a file of the operator.

use std::path::Path;

use anyhow::Context;
use capstan_api::GmailClient;

/// The client of a file, in TOML; none without a file.
pub(crate) fn read(path: Option<&Path>) -> anyhow::Result<Option<GmailClient>> {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the Google client in {shown}"))?;
    parse(&text).map(Some).with_context(|| format!("the Google client in {shown} cannot be used"))
}

fn parse(text: &str) -> anyhow::Result<GmailClient> {
    // What the parser shows of the text may be a secret.
    let client: GmailClient = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].lines().count().max(1));
        anyhow::anyhow!("near line {line}: {}", error.message())
    })?;
    client.check()?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "client_id = \"me\"\nclient_secret = \"hunter22\"\n";

    #[test]
    fn what_cannot_be_used_is_told_without_secrets() {
        assert_eq!(parse(GOOD).unwrap().client_id, "me");
        assert!(read(None).unwrap().is_none());
        for (text, said) in [
            (format!("{GOOD}secret = \"hunter22\""), "unknown field"),
            (format!("{GOOD}token_url = \"http://example.com/\""), "token_url has to begin with https://"),
            (GOOD.replace("\"me\"", "\"\""), "client_id is empty"),
        ] {
            let error = format!("{:#}", parse(&text).unwrap_err());
            assert!(error.contains(said) && !error.contains("hunter22"), "{error}");
        }
    }
}
