//! What each route needs, said where it is registered: a route that says nothing does not compile.

use std::pin::Pin;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use capstan_domain::access::Permission;

use crate::Api;
use crate::audit::Change;
use crate::auth;

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

/// One route with one method.
#[derive(Clone, Copy, Debug)]
pub struct Registered {
    /// `GET` and so on; `HEAD` goes with `GET`.
    pub method: &'static str,
    /// Below `/api/v1`, with names in braces.
    pub path: &'static str,
    /// What it needs.
    pub access: Access,
    /// The function that answers, as the compiler names it: the document describes routes by it.
    pub(crate) handler: &'static str,
}

/// How [`Registered::handler`] names a handler.
pub(crate) fn name_of<H>() -> &'static str {
    std::any::type_name::<H>()
}

/// The methods of one path, each with what it needs.
#[derive(Default)]
pub(crate) struct Methods {
    router: MethodRouter<Api>,
    needs: Vec<(&'static str, Access, &'static str)>,
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
            #[doc = concat!("`", $text, "` needs `access`.")]
            #[allow(dead_code, reason = "not every method is in use at a time")]
            pub(crate) fn $name<H, T>(access: impl Into<Access>, handler: H) -> Methods
            where
                H: Handler<T, Api>,
                T: 'static,
            {
                Methods::default().$name(access, handler)
            }
        )*
        impl Methods {
            $(
                #[doc = concat!("`", $text, "` needs `access`.")]
                #[allow(dead_code, reason = "not every method is in use at a time")]
                pub(crate) fn $name<H, T>(mut self, access: impl Into<Access>, handler: H) -> Self
                where
                    H: Handler<T, Api>,
                    T: 'static,
                {
                    let access = access.into();
                    self.needs.push(($text, access, name_of::<H>()));
                    self.router = self.router.$name(Guarded { access, handler });
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
        let registered = |(method, access, handler)| Registered { method, path, access, handler };
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

/// A handler that is only called when the request brings what is needed.
#[derive(Clone)]
struct Guarded<H> {
    access: Access,
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
            match auth::admit(&api, &mut parts, self.access).await {
                Ok(()) => {
                    let change = Change::of(&api, &parts, self.access);
                    let response = self.handler.call(Request::from_parts(parts, body), api.clone()).await;
                    if let Some(change) = change {
                        change.made(&api, response.status()).await;
                    }
                    response
                }
                Err(problem) => problem.into_response(),
            }
        })
    }
}
