//! Pages rendered on the server: no build step, no inline script or style.

pub(crate) mod approval;
pub(crate) mod chosen;
mod curve;
pub(crate) mod form;
pub(crate) mod layout;
pub(crate) mod overview;
pub(crate) mod sign_in;
mod svg;
pub(crate) mod verification;
