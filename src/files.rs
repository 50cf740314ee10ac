//! The limit of open files: each attempt with an effect may hold a connection, and so may each client.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// Open files below which many attempts at a time may fail.
const FILES_MIN: u64 = 8_192;

/// Raises the soft limit, often 1,024, as far as the hard one allows.
pub(crate) fn raise_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = soft.max(hard.min(FILES_MIN));
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map(|()| wanted)
    });
    match raised {
        Ok(limit) if limit < FILES_MIN => {
            warn!(limit, wanted = FILES_MIN, "few files may be open: raise the hard limit (ulimit -Hn, LimitNOFILE)");
        }
        Ok(_) => {}
        Err(error) => warn!(%error, "the limit of open files could not be raised"),
    }
}
