//! A small process that outlives this program, to clear up after it.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, io_error};
use crate::home::Home;

/// Waits for the end of its input, which comes when the program is gone, however it went; then asks the server for a
/// fast shutdown, if it is still the same one, and removes a throw-away home once the server has ended.
/// Arguments: the postmaster's process id, the cluster, and the folder to remove or nothing.
const SCRIPT: &str = r#"
cat >/dev/null
is_ours() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ]; }
is_ours "$1" "$2" && kill -INT "$1"
[ -n "$3" ] || exit 0
tries=0
while is_ours "$1" "$2" && [ $tries -lt 600 ]; do sleep 0.1; tries=$((tries + 1)); done
is_ours "$1" "$2" || rm -rf -- "$3"
"#;

/// The running guard. Its standard input is a pipe whose other end only this program has.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    /// Starts to watch over the server with that process id.
    pub(crate) fn start(home: &Home, postmaster: u32, remove: bool) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "capstan-postgres-guard", &postmaster.to_string()]).arg(home.cluster());
        command.arg(if remove { home.path.as_os_str() } else { "".as_ref() });
        // A group of its own: an interrupt from the terminal is not for it.
        command.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).map_err(io_error("run", Path::new("/bin/sh")))
    }
}

impl Drop for Guard {
    /// Killed before its input ends, so that it does nothing.
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = ended {
            tracing::warn!(%error, "the guard of the private PostgreSQL could not be ended");
        }
    }
}
