//! What is asked of a credential, checked as a whole.

use capstan_domain::credentials::{
    AllowedHost, HOSTS_MAX, Kept, NAME_BYTES_MAX, TYPES, allows, credential_type, is_name,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::problem::{Finding, Problem};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewCredential")]
pub(crate) struct Wish {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) fields: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplaceCredential")]
pub(crate) struct Replacement {
    pub(super) allowed_hosts: Vec<String>,
    pub(super) fields: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RenameCredential")]
pub(crate) struct NewName {
    pub(super) name: String,
}

/// What to keep, or everything that is wrong with it. Never shows what a field holds.
pub(super) fn checked(
    name: Option<&str>,
    kind: String,
    allowed_hosts: Vec<String>,
    fields: Map<String, Value>,
) -> Result<Kept, Problem> {
    let mut findings: Vec<Finding<'static>> = name.and_then(name_finding).into_iter().collect();
    findings.extend(host_findings(&allowed_hosts));
    match credential_type(&kind) {
        None => {
            let known: Vec<&str> = TYPES.iter().map(|kind| kind.name).collect();
            let shown: String = kind.chars().take(60).collect();
            let detail = format!("there is no type of credentials \"{shown}\"");
            findings.push(finding(
                "unknown_type",
                "/type".into(),
                detail,
                format!("choose one of {}", known.join(", ")),
            ));
        }
        Some(known) => {
            let wrong = known.check(&fields);
            findings.extend(wrong.iter().map(|error| {
                let hint = "see GET /credential-types for the fields of each type";
                finding("bad_field", format!("/fields/{}", error.field), error.to_string(), hint.into())
            }));
        }
    }
    if findings.is_empty() {
        let kept = Kept { kind, allowed_hosts, fields };
        findings.extend(own_host_finding(&kept));
        if findings.is_empty() {
            return Ok(kept);
        }
    }
    let detail = format!("the credential has {} problem{}", findings.len(), if findings.len() == 1 { "" } else { "s" });
    Err(Problem::unprocessable("bad_credential", detail, "each entry of errors says what to do").findings(findings))
}

/// Refuses what can be no name.
pub(super) fn checked_name(name: &str) -> Result<(), Problem> {
    let Some(finding) = name_finding(name) else { return Ok(()) };
    let problem = Problem::unprocessable("bad_credential", finding.detail.clone(), finding.hint.clone());
    Err(problem.findings([finding]))
}

fn name_finding(name: &str) -> Option<Finding<'static>> {
    let hint = format!("write 1 to {NAME_BYTES_MAX} of a-z, A-Z, 0-9, _, - and .");
    (!is_name(name)).then(|| finding("bad_name", "/name".into(), "the name cannot be used".into(), hint))
}

fn host_findings(entries: &[String]) -> Vec<Finding<'static>> {
    if !(1..=HOSTS_MAX).contains(&entries.len()) {
        let detail = format!("a credential has 1 to {HOSTS_MAX} allowed hosts, this one has {}", entries.len());
        let hint = "name the hosts that the secret may be sent to, and no others";
        return vec![finding("bad_host", "/allowed_hosts".into(), detail, hint.into())];
    }
    let wrong = entries.iter().enumerate().filter_map(|(ix, entry)| Some((ix, AllowedHost::parse(entry).err()?)));
    wrong
        .map(|(ix, error)| {
            let hint = "with :port only that port; http:// in front of it allows a host without TLS";
            finding("bad_host", format!("/allowed_hosts/{ix}"), error.to_string(), hint.into())
        })
        .collect()
}

/// The host that the credential itself is for has to be among those that may see it.
fn own_host_finding(kept: &Kept) -> Option<Finding<'static>> {
    let may_see = |url: &str| Url::parse(url).is_ok_and(|url| allows(&kept.allowed_hosts, &url));
    let is_foreign = |field: &&str| kept.text(field).is_some_and(|url| !may_see(url));
    let field = if kept.kind == "smtp" {
        let host = kept.text("host").and_then(|host| Host::parse(host).ok());
        let port = kept.fields.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
        let mut entries = kept.allowed_hosts.iter().filter_map(|entry| AllowedHost::parse(entry).ok());
        let names = |(host, port): (Host<String>, u16)| entries.any(|entry| entry.names(&host, port));
        (!host.zip(port).is_some_and(names)).then_some("host")
    } else {
        ["token_url", "send_url"].into_iter().find(is_foreign)
    };
    let field = field?;
    let detail = format!("the host of \"{field}\" is not among the allowed hosts");
    let hint = "add it to allowed_hosts; without TLS it has to be written with http://";
    Some(finding("host_not_allowed", format!("/fields/{field}"), detail, hint.into()))
}

fn finding(code: &'static str, pointer: String, detail: String, hint: String) -> Finding<'static> {
    Finding { code, pointer, detail, hint }
}
