//! The provider of `tests/oidc`, and a browser that clicks through its pages.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use url::Url;

use crate::support::left_out;

/// Where Capstan is, as the provider knows it.
pub(super) const CAPSTAN: &str = "http://127.0.0.1:7400";
/// What `scripts/login-provider.sh` says where there is no Node.js.
const NO_NODE: i32 = 3;
/// Most pages on the way to Capstan.
const PAGES_MAX: usize = 12;

/// Ends with this process: its standard input is closed then.
struct Running {
    issuer: String,
    _child: Child,
}

/// The issuer of the one provider of this process; none without Node.js, which is a fault where CI is.
pub(super) fn issuer() -> Option<&'static str> {
    static RUNNING: OnceLock<Option<Running>> = OnceLock::new();
    RUNNING.get_or_init(begin).as_ref().map(|running| running.issuer.as_str())
}

fn begin() -> Option<Running> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let installed = Command::new("bash").arg(root.join("scripts/login-provider.sh")).status().unwrap();
    if installed.code() == Some(NO_NODE) && std::env::var_os("CI").is_none() {
        left_out("logging in through an OpenID provider is not tested: there is no Node.js to run one with");
        return None;
    }
    assert!(installed.success(), "the OpenID provider is not installed");
    let mut child = Command::new("node")
        .arg(root.join("tests/oidc/provider.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut issuer = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
    assert!(issuer.starts_with("http://127.0.0.1:"), "{issuer}");
    Some(Running { issuer: issuer.trim().to_owned(), _child: child })
}

/// Keeps cookies, and follows redirects only as far as Capstan.
pub(super) struct Browser {
    client: reqwest::Client,
    /// Name, path, value.
    cookies: Vec<(String, String, String)>,
}

impl Browser {
    pub(super) fn new() -> Self {
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { client, cookies: Vec::new() }
    }

    /// Goes through the provider as `login`, who agrees to everything; answers where Capstan is called back.
    pub(super) async fn log_in(&mut self, address: &str, login: &str) -> Url {
        self.walk(address, &[("prompt", "login"), ("login", login), ("password", "any")]).await
    }

    /// Goes there, and turns back.
    pub(super) async fn abort(&mut self, address: &str) -> Url {
        self.walk(address, &[]).await
    }

    async fn walk(&mut self, address: &str, login: &[(&str, &str)]) -> Url {
        let mut at = Url::parse(address).unwrap();
        let mut form: Option<Vec<(&str, &str)>> = None;
        for _ in 0..PAGES_MAX {
            let (next, text) = self.visit(&at, form.take()).await;
            match next {
                Some(next) if next.as_str().starts_with(CAPSTAN) => return next,
                Some(next) => at = next,
                None if login.is_empty() => at = Url::parse(&format!("{at}/abort")).unwrap(),
                None if text.contains("value=\"login\"") => form = Some(login.to_vec()),
                None if text.contains("value=\"consent\"") => form = Some(vec![("prompt", "consent")]),
                None => panic!("{at} is no page to go on from: {text}"),
            }
        }
        panic!("the provider leads nowhere: {at}");
    }

    async fn visit(&mut self, at: &Url, form: Option<Vec<(&str, &str)>>) -> (Option<Url>, String) {
        let mut request = self.client.get(at.clone());
        if let Some(form) = form {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            request = self.client.post(at.clone()).body(body);
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        let mine = self.cookies.iter().filter(|(_, path, _)| at.path().starts_with(path.as_str()));
        let mine: Vec<String> = mine.map(|(name, _, value)| format!("{name}={value}")).collect();
        let response = request.header(COOKIE, mine.join("; ")).send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().unwrap());
        }
        let next = response.headers().get(LOCATION).map(|next| at.join(next.to_str().unwrap()).unwrap());
        (next, response.text().await.unwrap())
    }

    fn keep(&mut self, cookie: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let path = parts.find_map(|part| part.to_lowercase().strip_prefix("path=").map(|_| part[5..].to_owned()));
        let path = path.unwrap_or_else(|| "/".into());
        self.cookies.retain(|(known, at, _)| (known.as_str(), at) != (name, &path));
        if !value.is_empty() {
            self.cookies.push((name.into(), path, value.into()));
        }
    }
}
