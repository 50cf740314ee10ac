//! The HTTP client of the nodes: guarded at every hop, bounded in time and redirects.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Identity, Method, Response, StatusCode};
use tokio::sync::Semaphore;
use url::Url;

use super::guard::{Guard, Refusal, Trust, shown};
use super::http_span::Hop;
use super::redirect::next_hop;
use super::resolver::{GuardedResolver, LOOKUPS_MAX, Names};

/// Most redirects that are followed.
pub const REDIRECTS_MAX: usize = 5;
/// Longest time to resolve, connect and agree on TLS, for one hop.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most header lines that an answer may have.
const HEADER_LINES_MAX: usize = 100;

/// Makes requests on behalf of workflows.
///
/// Connections are not kept: none is shared between workspaces, and every request's address is judged.
pub struct HttpClient {
    guard: Arc<Guard>,
    judged: Client,
    named: Client,
    lookups: Arc<Semaphore>,
    roots: Vec<Certificate>,
    names: Names,
}

/// One request; the body is kept so that a redirect can repeat it.
#[derive(Clone, Debug)]
pub struct Request {
    /// E.g. `POST`.
    pub method: Method,
    /// With query.
    pub url: Url,
    /// Sent as they are, to the first origin only where they could hold a secret.
    pub headers: HeaderMap,
    /// Absent for none.
    pub body: Option<Vec<u8>>,
    /// Whether it says in `traceparent` which trace it belongs to: see [`Request::traced`].
    pub is_traced: bool,
}

impl Request {
    /// The same, as a part of the trace that this task works for. A header that the author has set stays.
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.is_traced = true;
        self
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Never asked: the destination is not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No connection: nothing was asked.
    #[error("{url} cannot be reached: {why}")]
    Connect {
        /// Without query.
        url: String,
        /// Chain of causes.
        why: String,
    },
    /// There was a connection, and it broke, or brought something else than an answer: the request may have been carried out.
    #[error("the connection to {url} broke before the answer was whole: {why}")]
    Broken {
        /// Without query.
        url: String,
        /// Chain of causes.
        why: String,
    },
    /// Took too long.
    #[error("{url} did not answer in time: {why}")]
    Timeout {
        /// Without query.
        url: String,
        /// Chain of causes.
        why: String,
    },
    /// Too many redirects, or one that leads nowhere.
    #[error("the redirects from {url} are not followed: {why}")]
    Redirect {
        /// Where the last redirect came from, without query.
        url: String,
        /// What is wrong with it.
        why: String,
    },
}

impl HttpClient {
    /// A client that reaches what `guard` allows.
    ///
    /// # Errors
    /// The system's TLS roots cannot be used.
    pub fn new(guard: Guard) -> Result<Self, reqwest::Error> {
        Self::trusting(guard, Vec::new())
    }

    /// The same, which trusts servers under these roots, too, beside those of the system.
    ///
    /// # Errors
    /// The roots cannot be used.
    pub fn trusting(guard: Guard, roots: Vec<Certificate>) -> Result<Self, reqwest::Error> {
        Self::of(Arc::new(guard), Arc::new(Semaphore::new(LOOKUPS_MAX)), roots, None, Names::System)
    }

    /// One that knows other names than the system.
    #[cfg(test)]
    pub(super) fn knowing(guard: Guard, names: Names) -> Self {
        Self::of(Arc::new(guard), Arc::new(Semaphore::new(LOOKUPS_MAX)), Vec::new(), None, names).unwrap()
    }

    /// This client, which also shows a certificate to servers that ask for one. Reads the system's roots again.
    ///
    /// # Errors
    /// The certificate cannot be used.
    pub fn showing(&self, identity: Identity) -> Result<Self, reqwest::Error> {
        let (guard, lookups) = (Arc::clone(&self.guard), Arc::clone(&self.lookups));
        Self::of(guard, lookups, self.roots.clone(), Some(identity), self.names.clone())
    }

    fn of(
        guard: Arc<Guard>,
        lookups: Arc<Semaphore>,
        roots: Vec<Certificate>,
        identity: Option<Identity>,
        names: Names,
    ) -> Result<Self, reqwest::Error> {
        let resolver = |trust| GuardedResolver {
            guard: Arc::clone(&guard),
            trust,
            lookups: Arc::clone(&lookups),
            names: names.clone(),
        };
        let judged = client(resolver(Trust::Judged), &roots, identity.clone())?;
        let named = client(resolver(Trust::Named), &roots, identity)?;
        Ok(Self { guard, judged, named, lookups, roots, names })
    }

    /// Sends `request` and follows redirects, except at a status that `accepts`. The body is not read yet.
    ///
    /// Bounded by the caller's time; each hop also by the connect time.
    ///
    /// # Errors
    /// See [`HttpError`]; an answer with any status is none.
    pub async fn execute(
        &self,
        mut request: Request,
        accepts: impl Fn(StatusCode) -> bool + Send,
    ) -> Result<Response, HttpError> {
        for hop in 0..=REDIRECTS_MAX {
            let response = self.send(&request, hop).await?;
            if accepts(response.status()) {
                return Ok(response);
            }
            match next_hop(&request, &response)? {
                Some(next) => request = next,
                None => return Ok(response),
            }
        }
        Err(HttpError::Redirect { url: shown(&request.url), why: format!("there are more than {REDIRECTS_MAX}") })
    }

    /// An address of `host` that may be connected to at `port`, for protocols other than HTTP.
    ///
    /// # Errors
    /// If it has none, or none that is allowed.
    pub(super) async fn address(&self, host: &str, port: u16) -> Result<IpAddr, HttpError> {
        let unreachable = |why: String| HttpError::Connect { url: format!("{host}:{port}"), why };
        let url = Url::parse(&format!("http://{host}:{port}/")).map_err(|error| unreachable(error.to_string()))?;
        let trust = self.guard.check(&url)?;
        if let Ok(address) = host.trim_start_matches('[').trim_end_matches(']').parse() {
            return Ok(address);
        }
        let (guard, lookups) = (Arc::clone(&self.guard), Arc::clone(&self.lookups));
        let resolver = GuardedResolver { guard, trust, lookups, names: self.names.clone() };
        let found = resolver.addresses(host.to_owned()).await.map_err(|error| match error.downcast::<Refusal>() {
            Ok(refusal) => HttpError::Refused(*refusal),
            Err(error) => unreachable(error.to_string()),
        })?;
        let first = found.first().ok_or_else(|| unreachable("the name has no address".into()))?;
        Ok(first.ip())
    }

    async fn send(&self, request: &Request, hop: usize) -> Result<Response, HttpError> {
        let client = match self.guard.check(&request.url)? {
            Trust::Named => &self.named,
            Trust::Judged => &self.judged,
        };
        let hop = Hop::begin(request, hop);
        let mut builder = client.request(request.method.clone(), request.url.clone()).headers(hop.headers(request));
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let answer = builder.send().await.map_err(|error| HttpError::from_reqwest(&request.url, error));
        hop.end(&answer);
        answer
    }
}

impl HttpError {
    /// What a reqwest error at `url` means; a refusal of the resolver is found in its sources.
    pub(super) fn from_reqwest(url: &Url, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut why = String::new();
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(current) = cause {
            if let Some(refusal) = current.downcast_ref::<Refusal>() {
                return Self::Refused(refusal.clone());
            }
            let text = current.to_string();
            if !why.contains(&text) {
                why.push_str(if why.is_empty() { "" } else { ": " });
                why.push_str(&text);
            }
            cause = current.source();
        }
        let url = shown(url);
        // What cannot be made into a request is not sent either.
        match error.is_connect() || error.is_builder() {
            true => Self::Connect { url, why },
            false if error.is_timeout() => Self::Timeout { url, why },
            false => Self::Broken { url, why },
        }
    }
}

fn client(
    resolver: GuardedResolver,
    roots: &[Certificate],
    identity: Option<Identity>,
) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder();
    if !roots.is_empty() {
        builder = builder.tls_certs_merge(roots.iter().cloned());
    }
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .dns_resolver(resolver)
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_TIMEOUT)
        .http1_max_headers(HEADER_LINES_MAX)
        .referer(false)
        .user_agent(concat!("capstan/", env!("CARGO_PKG_VERSION")))
        .build()
}
