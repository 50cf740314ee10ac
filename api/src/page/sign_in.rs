//! Asking who it is.

use axum::response::Response;

use crate::html::{self, escape};

/// The form; `complaint` is what was wrong with the last try.
pub(crate) fn page(complaint: Option<&str>) -> Response {
    let complaint =
        complaint.map(|it| format!("<p class=\"error\" role=\"alert\">{}</p>", escape(it))).unwrap_or_default();
    let body = format!(
        "<main class=\"narrow\">\n<h1>Capstan</h1>\n{complaint}\n<form method=\"post\" action=\"/session\">\n\
         <label for=\"email\">E-mail</label>\n<input id=\"email\" name=\"email\" type=\"email\" required \
         autocomplete=\"username\">\n<label for=\"password\">Password</label>\n<input id=\"password\" \
         name=\"password\" type=\"password\" required autocomplete=\"current-password\">\n<button>Log in</button>\n\
         </form>\n<p class=\"quiet\">Or with an API key, to look around:</p>\n<form method=\"post\" action=\"/session\">\n\
         <label for=\"key\">API key</label>\n<input id=\"key\" name=\"key\" type=\"password\" required \
         autocomplete=\"off\" spellcheck=\"false\" placeholder=\"cap_…\">\n<button>Sign in</button>\n</form>\n\
         <p class=\"quiet\">No key yet? <code>capstan key create</code> makes one.</p>\n</main>"
    );
    html::page("Sign in to Capstan", &body)
}
