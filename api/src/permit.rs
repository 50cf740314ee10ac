//! What each route needs, said where it is registered: a route that says nothing does not compile.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use capstan_domain::access::{Page, Permission};
use capstan_domain::trace;
use tokio::task::JoinError;
use tracing::Instrument;

use crate::Api;
use crate::audit::Change;
use crate::auth;
use crate::once::{self, Begun};
use crate::problem::Problem;
use crate::rates;
use crate::replica::{self, ANSWER_MAX, FromReplica, Replica, Writing};

/// What a request has to bring for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// A person who is logged in; no workspace.
    User,
    /// An administrator of the platform, in a session of the platform; no workspace.
    Platform,
    /// A key or a person; no permission.
    Anyone,
    /// A workspace, and this permission there.
    Needs(Permission),
}

impl From<Permission> for Access {
    fn from(permission: Permission) -> Self {
        Self::Needs(permission)
    }
}

impl Access {
    /// Whether it is for looking only, whatever the method is.
    fn only_looks(self) -> bool {
        matches!(self, Self::Needs(permission) if permission.as_str().ends_with(".read"))
    }
}

/// What a route whose method may change something does with an `Idempotency-Key`. This is the only place that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Repeats {
    /// A repeated request gets the first one's answer from [`crate::once`]. So does a route that says nothing.
    Kept,
    /// It keeps what it was answered by itself, with what it changes.
    ByItself,
    /// It takes no key. Why.
    Unkeyed(&'static str),
}

/// Why what only looks takes no key.
pub(crate) const ONLY_LOOKS: &str = "It only looks.";

/// What a route needs, and what it does with an `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub(crate) access: Access,
    repeats: Repeats,
    /// Whether what it reads may be a moment old.
    may_lag: bool,
    /// The page that the workspace has to have.
    pub(crate) page: Option<Page>,
    /// Whether it goes on by itself, as a stream does, also while nobody is there.
    pub(crate) goes_on: bool,
}

impl From<Access> for Demand {
    fn from(access: Access) -> Self {
        let page = if let Access::Needs(permission) = access { permission.page() } else { None };
        Self { access, repeats: Repeats::Kept, may_lag: false, page, goes_on: false }
    }
}

impl From<Permission> for Demand {
    fn from(permission: Permission) -> Self {
        Access::from(permission).into()
    }
}

/// Of a route that looks after its `Idempotency-Key` itself: see [`crate::once`].
pub(crate) fn by_itself(access: impl Into<Access>) -> Demand {
    let access: Access = access.into();
    Demand { repeats: Repeats::ByItself, ..Demand::from(access) }
}

/// Of a route that takes no `Idempotency-Key`, and why: the document says so. One for everybody has to, as there is nobody to whom a
/// key would belong.
pub(crate) fn unkeyed(access: impl Into<Access>, why: &'static str) -> Demand {
    let access: Access = access.into();
    Demand { repeats: Repeats::Unkeyed(why), ..Demand::from(access) }
}

/// Of a route that reads what may be a moment old, from the replica if there is one: see [`crate::replica`]. It changes nothing.
pub(crate) fn may_lag(access: impl Into<Access>) -> Demand {
    let access: Access = access.into();
    Demand { may_lag: true, ..Demand::from(access) }
}

/// Of a route that goes on by itself: that somebody has it open keeps no session from ending.
pub(crate) fn goes_on(access: impl Into<Access>) -> Demand {
    let access: Access = access.into();
    Demand { goes_on: true, ..Demand::from(access) }
}

/// Of a route that belongs to another page than what it needs says.
pub(crate) fn on(page: Page, demand: impl Into<Demand>) -> Demand {
    Demand { page: Some(page), ..demand.into() }
}

/// Of a route that every workspace has, whichever pages were assigned to it.
pub(crate) fn on_no_page(demand: impl Into<Demand>) -> Demand {
    Demand { page: None, ..demand.into() }
}

impl Demand {
    /// Whether a repeated request gets the first one's answer from [`crate::once`]: it may change something, and who asks is known.
    pub(crate) fn keeps_answers(self, method: &str) -> bool {
        let is_somebodys = matches!(self.access, Access::User | Access::Platform | Access::Needs(_));
        is_somebodys && self.repeats == Repeats::Kept && !is_safe(method) && !self.access.only_looks()
    }

    /// Why it takes no key though its method may change something.
    fn unkeyed(self, method: &str) -> Option<&'static str> {
        match self.repeats {
            _ if is_safe(method) => None,
            Repeats::Unkeyed(why) => Some(why),
            Repeats::Kept => self.access.only_looks().then_some(ONLY_LOOKS),
            Repeats::ByItself => None,
        }
    }
}

/// Whether nothing is changed by it, as RFC 9110 has it.
fn is_safe(method: &str) -> bool {
    ["GET", "HEAD"].contains(&method)
}

/// One route with one method.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// `GET` and so on; `HEAD` goes with `GET`.
    pub method: &'static str,
    /// Below `/api/v1`, with names in braces.
    pub path: &'static str,
    /// What it needs.
    pub access: Access,
    /// The page that the workspace has to have.
    pub page: Option<Page>,
    /// The function that answers, as the compiler names it: the document describes routes by it.
    pub(crate) handler: &'static str,
    /// Whether a repeated request gets the first one's answer.
    pub(crate) keeps_answers: bool,
    /// Why it takes no `Idempotency-Key` though its method may change something.
    pub unkeyed: Option<&'static str>,
}

impl Registered {
    /// Whether it may change something: what only looks does so by `GET`, or by a permission to read.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.method != "GET" && !self.access.only_looks()
    }
}

/// How [`Registered::handler`] names a handler.
pub(crate) fn name_of<H>() -> &'static str {
    std::any::type_name::<H>()
}

/// The methods of one path, each with what it needs.
#[derive(Default)]
pub(crate) struct Methods {
    router: MethodRouter<Api>,
    needs: Vec<(&'static str, Demand, &'static str)>,
}

impl Methods {
    /// As a part of a router that keeps no list.
    pub(crate) fn unlisted(self) -> MethodRouter<Api> {
        self.router
    }
}

macro_rules! methods {
    ($($name:ident $text:literal)*) => {
        $(
            #[doc = concat!("`", $text, "` needs `demand`.")]
            #[allow(dead_code, reason = "not every method is in use at a time")]
            pub(crate) fn $name<H, T>(demand: impl Into<Demand>, handler: H) -> Methods
            where
                H: Handler<T, Api>,
                T: 'static,
            {
                Methods::default().$name(demand, handler)
            }
        )*
        impl Methods {
            $(
                #[doc = concat!("`", $text, "` needs `demand`.")]
                #[allow(dead_code, reason = "not every method is in use at a time")]
                pub(crate) fn $name<H, T>(mut self, demand: impl Into<Demand>, handler: H) -> Self
                where
                    H: Handler<T, Api>,
                    T: 'static,
                {
                    let demand = demand.into();
                    self.needs.push(($text, demand, name_of::<H>()));
                    self.router = self.router.$name(Guarded { demand, handler });
                    self
                }
            )*
        }
    };
}

methods! { get "GET" post "POST" put "PUT" patch "PATCH" delete "DELETE" }

/// Routes, and the list of them.
#[derive(Default)]
pub(crate) struct Routes {
    router: Router<Api>,
    registered: Vec<Registered>,
}

impl Routes {
    pub(crate) fn route(mut self, path: &'static str, methods: Methods) -> Self {
        let registered = |(method, demand, handler): (_, Demand, _)| {
            let (keeps_answers, unkeyed) = (demand.keeps_answers(method), demand.unkeyed(method));
            Registered { method, path, access: demand.access, page: demand.page, handler, keeps_answers, unkeyed }
        };
        self.registered.extend(methods.needs.into_iter().map(registered));
        self.router = self.router.route(path, methods.router);
        self
    }

    pub(crate) fn into_router(self) -> Router<Api> {
        self.router
    }

    pub(crate) fn registered(self) -> Vec<Registered> {
        self.registered
    }
}

/// A handler that is only called when the request brings what is needed, and was not answered before.
#[derive(Clone)]
struct Guarded<H> {
    demand: Demand,
    handler: H,
}

impl<H, T> Handler<T, Api> for Guarded<H>
where
    H: Handler<T, Api>,
    T: 'static,
{
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, api: Api) -> Self::Future {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if let Err(problem) = auth::admit(&api, &mut parts, self.demand).await {
                return problem.into_response();
            }
            if let Err(problem) = rates::count(&api, &parts, self.demand.access).await {
                return problem.into_response();
            }
            let writing = Writing::of(&api, &parts, self.demand.access);
            let change = Change::of(&api, &parts, self.demand.access).map(Arc::new);
            if let Some(change) = &change {
                parts.extensions.insert(Arc::clone(change));
            }
            let (request, once) = match once::begin(&api, self.demand, Request::from_parts(parts, body)).await {
                Begun::Goes(request, once) => (request, once),
                Begun::Told(response) => return response,
            };
            if change.is_none() && once.is_none() {
                return match &api.replica {
                    Some(replica) if self.demand.may_lag => from_replica(replica, self.handler, request, &api).await,
                    _ => self.handler.call(request, api).await,
                };
            }
            // Whoever hangs up meanwhile leaves no change behind that is not recorded, and no answer that is not kept.
            let whole = async move {
                let _writing = writing;
                let response = self.handler.call(request, api.clone()).await;
                if let Some(change) = change {
                    change.made(&api, response.status()).await;
                }
                match once {
                    Some(once) => once.end(&api, response).await,
                    None => response,
                }
            };
            tokio::spawn(trace::carried(whole).in_current_span()).await.unwrap_or_else(broken_off)
        })
    }
}

/// The answer of the replica if it is close behind and answers well, else of the primary.
async fn from_replica<H, T>(replica: &Replica, handler: H, request: Request, api: &Api) -> Response
where
    H: Handler<T, Api>,
    T: 'static,
{
    let (parts, body) = request.into_parts();
    if !replica.is_close(replica::caller(&parts)) {
        return handler.call(Request::from_parts(parts, body), api.clone()).await;
    }
    let mut lagging = parts.clone();
    lagging.extensions.insert(FromReplica);
    let asked = handler.clone().call(Request::from_parts(lagging, Body::empty()), api.clone());
    match tokio::time::timeout(ANSWER_MAX, asked).await {
        Ok(response) if !response.status().is_server_error() => return response,
        Ok(response) => {
            replica.give_up();
            tracing::warn!(
                status = response.status().as_u16(),
                "the replica failed at a request; the primary is asked"
            );
        }
        // It may be this request alone that takes long. Whether the replica is there, looks find out.
        Err(_) => tracing::warn!("the replica took too long for a request; the primary is asked"),
    }
    handler.call(Request::from_parts(parts, body), api.clone()).await
}

/// A handler that panicked goes on to do so where panics are caught; one that ended with its server is to be asked again.
pub(crate) fn broken_off(error: JoinError) -> Response {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Problem::unavailable("stopping", "this server is stopping", "try again in a moment").into_response(),
    }
}
