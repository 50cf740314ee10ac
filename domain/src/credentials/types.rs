//! The one list of types of credentials, and what their fields are.

use serde_json::{Map, Value, json};
use url::Url;

use super::gmail;

/// A type of credentials.
#[derive(Debug)]
pub struct CredentialType {
    /// As stored and named in requests.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// One sentence on what it does.
    pub description: &'static str,
    /// What it is made of.
    pub fields: &'static [Field],
    /// Node types that can use it.
    pub fits: &'static [&'static str],
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// As in requests.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// Whether it is taken out of all that a step gives away.
    pub is_secret: bool,
    /// Whether it has to be there.
    pub is_required: bool,
    /// What it may hold.
    pub kind: FieldKind,
}

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// One line of text.
    Text,
    /// An address with `http://` or `https://`.
    Url,
    /// The name of a header.
    Header,
    /// A port.
    Port,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Names and values, the values secret.
    Pairs,
}

/// What is wrong with a field. Never shows what it holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field \"{field}\" {why}")]
pub struct FieldError {
    /// Its name.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

/// Shortest secret: a shorter one could not be told from ordinary text, and so not be taken out of logs. Characters.
pub const SECRET_CHARS_MIN: usize = 8;
/// Longest text of a field, in characters.
pub const TEXT_CHARS_MAX: usize = 8_192;
/// Most pairs of a field.
const PAIRS_MAX: usize = 20;

const HTTP: &[&str] = &["action.http_request", "action.send_sms"];
const MAIL: &[&str] = &["action.send_email", "trigger.form"];

pub(super) const fn field(name: &'static str, kind: FieldKind, description: &'static str) -> Field {
    Field { name, description, is_secret: false, is_required: false, kind }
}

pub(super) const fn needed(field: Field) -> Field {
    Field { is_required: true, ..field }
}

pub(super) const fn secret(field: Field) -> Field {
    Field { is_secret: true, ..field }
}

pub(super) const TOKEN_URL: Field =
    needed(field("token_url", FieldKind::Url, "Where tokens are fetched; its host is one of the allowed hosts."));
pub(super) const CLIENT_ID: Field =
    needed(field("client_id", FieldKind::Text, "What the token server knows this client as."));
const SCOPE: Field = field("scope", FieldKind::Text, "Scopes to ask for, with spaces between them.");
const AUTH: Field = field(
    "auth",
    FieldKind::Choice(&["basic", "body"]),
    "How client id and secret are sent to the token server: in a header (basic, the default), or in the body.",
);

/// All types, in the order in which they are offered.
pub const TYPES: &[CredentialType] = &[
    CredentialType {
        name: "bearer",
        title: "Bearer token",
        description: "Sends Authorization: Bearer with a token.",
        fields: &[needed(secret(field("token", FieldKind::Text, "The token.")))],
        fits: HTTP,
    },
    CredentialType {
        name: "basic",
        title: "User name and password",
        description: "Sends Authorization: Basic.",
        fields: &[
            needed(field("username", FieldKind::Text, "The user, without a colon.")),
            needed(secret(field("password", FieldKind::Text, "The password."))),
        ],
        fits: HTTP,
    },
    CredentialType {
        name: "header",
        title: "API key in a header",
        description: "Sends a key in a header of that name.",
        fields: &[
            needed(field("name", FieldKind::Header, "The header, such as X-Api-Key.")),
            needed(secret(field("value", FieldKind::Text, "The key."))),
        ],
        fits: HTTP,
    },
    CredentialType {
        name: "oauth2_client_credentials",
        title: "OAuth 2 client credentials",
        description: "Fetches an access token with client id and secret, and sends it as a bearer token.",
        fields: &[
            TOKEN_URL,
            CLIENT_ID,
            needed(secret(field("client_secret", FieldKind::Text, "The secret of the client."))),
            SCOPE,
            field("audience", FieldKind::Text, "The audience to ask for, where the token server wants one."),
            AUTH,
        ],
        fits: HTTP,
    },
    CredentialType {
        name: "oauth2_refresh",
        title: "OAuth 2 refresh token",
        description: "Fetches an access token with a refresh token, keeps the new one that comes along, and sends a bearer token.",
        fields: &[
            TOKEN_URL,
            CLIENT_ID,
            secret(field("client_secret", FieldKind::Text, "The secret of the client, if it has one.")),
            needed(secret(field("refresh_token", FieldKind::Text, "The refresh token to begin with."))),
            SCOPE,
            AUTH,
        ],
        fits: HTTP,
    },
    CredentialType {
        name: "smtp",
        title: "Mail server",
        description: "Hands mail over to a server of your own.",
        fields: &[
            needed(field("host", FieldKind::Text, "The server; one of the allowed hosts.")),
            needed(field("port", FieldKind::Port, "Its port, such as 587.")),
            field("username", FieldKind::Text, "The user, if it wants a login."),
            secret(field("password", FieldKind::Text, "The password.")),
            field(
                "tls",
                FieldKind::Choice(&["required", "implicit", "none"]),
                "STARTTLS (required, the default), TLS from the start (implicit), or the clear (none).",
            ),
            field("from", FieldKind::Text, "Sender of mails that name none."),
        ],
        fits: MAIL,
    },
    gmail::TYPE,
    CredentialType {
        name: "custom",
        title: "Headers and query",
        description: "Sends headers, and adds to the query of the address.",
        fields: &[
            secret(field("headers", FieldKind::Pairs, "Names and values of headers.")),
            secret(field("query", FieldKind::Pairs, "Names and values for the query.")),
        ],
        fits: HTTP,
    },
];

/// The type of that name.
#[must_use]
pub fn credential_type(name: &str) -> Option<&'static CredentialType> {
    TYPES.iter().find(|known| known.name == name)
}

impl CredentialType {
    /// JSON Schema of its fields, draft 2020-12.
    #[must_use]
    pub fn schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.is_required).map(|field| field.name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object", "additionalProperties": false, "properties": properties, "required": required,
        })
    }

    /// Everything that is wrong with these fields.
    #[must_use]
    pub fn check(&self, fields: &Map<String, Value>) -> Vec<FieldError> {
        let error = |field: &str, why: &str| FieldError { field: field.chars().take(60).collect(), why: why.into() };
        let mut errors: Vec<FieldError> = fields
            .keys()
            .filter(|name| !self.fields.iter().any(|field| field.name == *name))
            .map(|name| error(name, "is none of this type"))
            .collect();
        for field in self.fields {
            match fields.get(field.name).filter(|value| !value.is_null()) {
                None if field.is_required => errors.push(error(field.name, "is missing")),
                None => {}
                Some(value) => errors.extend(field.check(value).err().map(|why| error(field.name, &why))),
            }
        }
        if self.name == "custom" && errors.is_empty() && fields.values().all(Value::is_null) {
            errors.push(error("headers", "and the field \"query\" are both missing"));
        }
        errors
    }
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = match self.kind {
            FieldKind::Text | FieldKind::Header => {
                json!({"type": "string", "minLength": 1, "maxLength": TEXT_CHARS_MAX})
            }
            FieldKind::Url => json!({"type": "string", "format": "uri", "maxLength": TEXT_CHARS_MAX}),
            FieldKind::Port => json!({"type": "integer", "minimum": 1, "maximum": 65_535}),
            FieldKind::Choice(choices) => json!({"type": "string", "enum": choices}),
            FieldKind::Pairs => json!({
                "type": "object", "maxProperties": PAIRS_MAX,
                "additionalProperties": {"type": "string", "minLength": SECRET_CHARS_MIN, "maxLength": TEXT_CHARS_MAX},
            }),
        };
        if self.is_secret {
            schema["writeOnly"] = true.into();
            if self.kind == FieldKind::Text {
                schema["minLength"] = SECRET_CHARS_MIN.into();
            }
        }
        schema["title"] = self.name.replace('_', " ").into();
        schema["description"] = self.description.into();
        schema
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        match self.kind {
            FieldKind::Port => {
                let is_port = value.as_u64().is_some_and(|port| (1..=65_535).contains(&port));
                if is_port { Ok(()) } else { Err("is not a port from 1 to 65535".into()) }
            }
            FieldKind::Pairs => check_pairs(self.name, value),
            kind => {
                let text = value.as_str().ok_or("is not text")?;
                check_text(text, self.is_secret)?;
                match kind {
                    FieldKind::Url => check_url(text),
                    FieldKind::Header if !is_header(text) => Err("is not the name of a header that may be set".into()),
                    FieldKind::Choice(choices) if !choices.contains(&text) => {
                        Err(format!("is none of {}", choices.join(", ")))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn check_text(text: &str, is_secret: bool) -> Result<(), String> {
    let least = if is_secret { SECRET_CHARS_MIN } else { 1 };
    if !(least..=TEXT_CHARS_MAX).contains(&text.chars().count()) {
        return Err(format!("does not have {least} to {TEXT_CHARS_MAX} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".into());
    }
    Ok(())
}

fn check_url(text: &str) -> Result<(), String> {
    let is_good = Url::parse(text).is_ok_and(|url| {
        let has_login = !url.username().is_empty() || url.password().is_some();
        matches!(url.scheme(), "http" | "https") && url.has_host() && !has_login && url.fragment().is_none()
    });
    if is_good { Ok(()) } else { Err("is not an address with https:// and a host, without a login".into()) }
}

fn check_pairs(field: &str, value: &Value) -> Result<(), String> {
    let pairs = value.as_object().ok_or("is not an object of names and values")?;
    if !(1..=PAIRS_MAX).contains(&pairs.len()) {
        return Err(format!("does not have 1 to {PAIRS_MAX} entries"));
    }
    for (name, value) in pairs {
        if field == "headers" && !is_header(name) || name.is_empty() || name.len() > 200 {
            return Err("has an entry whose name cannot be used".into());
        }
        let text = value.as_str().ok_or("has an entry that is not text")?;
        check_text(text, true).map_err(|why| format!("has an entry that {why}"))?;
    }
    Ok(())
}

/// Whether it may be set: those of the connection and the engine's own may not.
fn is_header(name: &str) -> bool {
    const OWN: [&str; 14] = [
        "accept",
        "accept-language",
        "content-type", // which a redirect keeps
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "proxy-authorization",
        "idempotency-key",
    ];
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=100).contains(&name.len())
        && name.bytes().all(is_token)
        && !OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(name: &str, fields: Value) -> Vec<String> {
        let errors = credential_type(name).unwrap().check(fields.as_object().unwrap());
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_are_checked_without_being_shown() {
        let none: &[&str] = &[];
        for (name, fields, expected) in [
            ("bearer", json!({"token": "hunter22"}), none),
            ("bearer", json!({}), &["the field \"token\" is missing"]),
            ("bearer", json!({"token": "short"}), &["the field \"token\" does not have 8 to 8192 characters"]),
            ("bearer", json!({"token": "hunter22", "x": 1}), &["the field \"x\" is none of this type"]),
            (
                "bearer",
                json!({"token": "hunter\r\n22"}),
                &["the field \"token\" holds a line break or another control character"],
            ),
            (
                "header",
                json!({"name": "Host", "value": "hunter22"}),
                &["the field \"name\" is not the name of a header that may be set"],
            ),
            ("smtp", json!({"host": "h", "port": 587}), none),
            ("smtp", json!({"host": "h", "port": 0}), &["the field \"port\" is not a port from 1 to 65535"]),
            (
                "smtp",
                json!({"host": "h", "port": 25, "tls": "maybe"}),
                &["the field \"tls\" is none of required, implicit, none"],
            ),
            ("custom", json!({}), &["the field \"headers\" and the field \"query\" are both missing"]),
            ("custom", json!({"query": {"key": "hunter22"}}), none),
            (
                "custom",
                json!({"headers": {"a b": "hunter22"}}),
                &["the field \"headers\" has an entry whose name cannot be used"],
            ),
        ] {
            assert_eq!(errors(name, fields.clone()), expected, "{fields}");
        }
        let token = json!({"token_url": "https://me:pw@h/", "client_id": "c", "client_secret": "hunter22"});
        assert_eq!(errors("oauth2_client_credentials", token).len(), 1);
    }

    #[test]
    fn every_type_says_what_it_is_and_marks_its_secrets() {
        for kind in TYPES {
            let schema = kind.schema();
            assert!(kind.description.ends_with('.') && !kind.fits.is_empty(), "{}", kind.name);
            let marked = |field: &&Field| schema["properties"][field.name]["writeOnly"] == true;
            assert!(kind.fields.iter().any(|field| field.is_secret), "{}", kind.name);
            assert!(kind.fields.iter().all(|field| field.is_secret == marked(&field)), "{}", kind.name);
        }
    }
}
