//! What this machine lets a run do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where system programs lie that the path of an ordinary user may lack.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
const NOT_LINUX: &str = "not Linux";
const NOT_ROOT: &str = "not root";

/// Why faults of some kinds cannot be injected here; none where they can.
#[derive(Clone, Copy, Debug, Default)]
pub struct Means {
    /// Network namespaces for workers.
    pub no_network: Option<&'static str>,
    /// A clock of its own for a process.
    pub no_clock: Option<&'static str>,
    /// A disk of its own for the database.
    pub no_disk: Option<&'static str>,
}

impl Means {
    /// Looks at this machine.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let linux = if cfg!(target_os = "linux") { None } else { Some(NOT_LINUX) };
        let root = linux.or_else(|| (!nix::unistd::geteuid().is_root()).then_some(NOT_ROOT));
        let ip = || system_program("ip").is_none().then_some("no ip");
        let cc = || (!runs("cc")).then_some("no cc");
        Self { no_network: root.or_else(ip), no_clock: linux.or_else(cc), no_disk: root }
    }
}

/// A program of the system, wherever it lies.
pub(crate) fn system_program(name: &str) -> Option<PathBuf> {
    SYSTEM_FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists())
}

fn runs(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
