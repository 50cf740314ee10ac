//! Puts a credential on a request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use capstan_domain::credentials::Opened;
use capstan_engine::core::outcome::Outcome;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;

use super::{CLASS, check_host, hide, oauth, open};
use crate::node_type::Context;
use crate::services::http::Request;

/// Puts the credential of that name on `request`, whose host it has to name. A redirect to another origin does not get it.
///
/// # Errors
/// How the step ends without it. Nothing was sent then.
pub async fn attach(context: &Context, name: &str, node_type: &str, request: &mut Request) -> Result<(), Outcome> {
    let opened = open(context, name, node_type).await?;
    check_host(name, &opened, &request.url)?;
    let text = |field: &str| opened.kept.text(field).unwrap_or_default();
    match opened.kept.kind.as_str() {
        "bearer" => set(request, AUTHORIZATION.as_str(), &format!("Bearer {}", text("token"))),
        "basic" => {
            let login = STANDARD.encode(format!("{}:{}", text("username"), text("password")));
            hide(context, [login.as_str()])?;
            set(request, AUTHORIZATION.as_str(), &format!("Basic {login}"))
        }
        "header" => set(request, text("name"), text("value")),
        "custom" => custom(request, &opened),
        _ => {
            let token = oauth::token(context, name, opened).await?;
            set(request, AUTHORIZATION.as_str(), &format!("Bearer {token}"))
        }
    }
}

fn custom(request: &mut Request, opened: &Opened) -> Result<(), Outcome> {
    for (name, value) in pairs(opened, "headers") {
        set(request, name, value)?;
    }
    for (name, value) in pairs(opened, "query") {
        request.url.query_pairs_mut().append_pair(name, value);
    }
    Ok(())
}

fn pairs<'a>(opened: &'a Opened, field: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let pairs = opened.kept.fields.get(field).and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

/// What the config says under that name gives way.
fn set(request: &mut Request, name: &str, value: &str) -> Result<(), Outcome> {
    let unfit = || Outcome::fail(CLASS, "the credential cannot be written as a header; replace it");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unfit())?;
    value.set_sensitive(true);
    request.headers.insert(name, value);
    Ok(())
}
