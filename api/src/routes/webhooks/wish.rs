//! What an owner says of an endpoint, and what is wrong with it: all of it at once.

use capstan_domain::webhooks::endpoints::{CONCURRENCY_DEFAULT, CONCURRENCY_MAX, RATE_MAX, Wish};
use capstan_domain::webhooks::{FILTER_BYTES_MAX, TYPES_MAX, check_pattern, filter_flaw};
use capstan_node_types::services::guard::{Guard, Refusal};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::problem::{Finding, Problem};

/// Most bytes of a request that says it.
pub(super) const WISH_BYTES_MAX: usize = 64 * 1024;
/// Longest URL, in bytes.
const URL_BYTES_MAX: usize = 2_000;
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 500;

/// As it comes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WebhookEndpointWish")]
pub(crate) struct WishBody {
    url: String,
    types: Vec<String>,
    filter: Option<String>,
    #[serde(default)]
    description: String,
    #[schemars(with = "Option<u32>")]
    rate_per_s: Option<Value>,
    #[schemars(with = "Option<u32>")]
    concurrency: Option<Value>,
    /// Whether an ed25519 key pair signs along (`v1a`). Left out: as it was, and not for a new one.
    asymmetric: Option<bool>,
    /// Whether deliveries of one thing go one after the other. Left out: as it was, and not for a new one.
    ordered: Option<bool>,
}

/// What was found so far.
#[derive(Default)]
struct Findings(Vec<Finding<'static>>);

impl Findings {
    fn add(&mut self, code: &'static str, pointer: impl Into<String>, detail: impl Into<String>, hint: &str) {
        self.0.push(Finding { code, pointer: pointer.into(), detail: detail.into(), hint: hint.into() });
    }

    fn number(&mut self, field: &str, value: Option<&Value>, most: i32) -> Option<i32> {
        let value = value.filter(|value| !value.is_null())?;
        let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
        let good = number.filter(|number| (1..=most).contains(number));
        if good.is_none() {
            let detail = format!("{field} has to be a whole number from 1 to {most}");
            self.add("bad_number", format!("/{field}"), detail, "correct the number, or leave it out");
        }
        good
    }
}

impl WishBody {
    /// What is to be stored, if nothing is wrong with it.
    pub(super) fn check(self, guard: &Guard) -> Result<Wish, Problem> {
        let mut findings = Findings::default();
        check_url(&self.url, guard, &mut findings);
        if self.types.is_empty() || self.types.len() > TYPES_MAX {
            let detail = format!("an endpoint has 1 to {TYPES_MAX} types, this has {}", self.types.len());
            findings.add("bad_type", "/types", detail, "write * for all events");
        }
        for (index, pattern) in self.types.iter().enumerate().take(TYPES_MAX) {
            if let Err(flaw) = check_pattern(pattern) {
                let hint = "GET /api/v1/event-types lists what there is";
                findings.add("bad_type", format!("/types/{index}"), flaw.to_string(), hint);
            }
        }
        let filter = self.filter.filter(|filter| !filter.trim().is_empty());
        if let Some(flaw) = filter.as_deref().and_then(filter_flaw) {
            let hint = "name event and nothing else, such as event.data.status == 'failed'";
            let code =
                if filter.as_ref().is_some_and(|it| it.len() > FILTER_BYTES_MAX) { "too_long" } else { "bad_filter" };
            findings.add(code, "/filter", flaw, hint);
        }
        if self.description.chars().count() > DESCRIPTION_CHARS_MAX || self.description.contains('\0') {
            let detail = format!("a description has at most {DESCRIPTION_CHARS_MAX} characters, and no NUL");
            findings.add("too_long", "/description", detail, "shorten it");
        }
        let rate_per_s = findings.number("rate_per_s", self.rate_per_s.as_ref(), RATE_MAX);
        let concurrency = findings.number("concurrency", self.concurrency.as_ref(), CONCURRENCY_MAX);
        let (url, types, description) = (self.url, self.types, self.description);
        let (asymmetric, ordered) = (self.asymmetric, self.ordered);
        let Some(first) = findings.0.first() else {
            let concurrency = concurrency.unwrap_or(CONCURRENCY_DEFAULT);
            return Ok(Wish { url, types, filter, description, rate_per_s, concurrency, asymmetric, ordered });
        };
        let detail = first.detail.clone();
        let hint = "each entry of errors names a field; nothing was changed";
        Err(Problem::unprocessable("invalid_endpoint", detail, hint).findings(findings.0))
    }
}

fn check_url(text: &str, guard: &Guard, findings: &mut Findings) {
    let hint = "write https:// and a host that the internet can reach";
    if text.len() > URL_BYTES_MAX {
        return findings.add("too_long", "/url", format!("a URL has at most {URL_BYTES_MAX} bytes"), "shorten it");
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => return findings.add("bad_url", "/url", format!("the URL cannot be used: {error}"), hint),
    };
    if url.fragment().is_some() {
        return findings.add(
            "bad_url",
            "/url",
            "the URL has a fragment, which is never sent",
            "remove # and what follows",
        );
    }
    match guard.check(&url) {
        Ok(_) => (),
        Err(refusal @ Refusal::Url { .. }) => findings.add("bad_url", "/url", refusal.to_string(), hint),
        Err(refusal @ Refusal::Address { .. }) => findings.add("address_refused", "/url", refusal.to_string(), hint),
    }
}
