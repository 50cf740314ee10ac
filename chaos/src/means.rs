//! What this machine lets a run do: found out by doing it once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::disk::Disk;
use crate::network::Network;

/// Where system programs lie that the path of an ordinary user may lack.
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];
const NOT_LINUX: &str = "not Linux";
const NO_NAMESPACE: &str = "no network namespace can be made and wired";
const NO_MOUNT: &str = "no disk in memory can be mounted";

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
    /// Tries each once; later the answer is that of the first time.
    #[must_use]
    pub fn of_this_machine() -> Self {
        static TRIED: OnceLock<Means> = OnceLock::new();
        *TRIED.get_or_init(Self::tried)
    }

    fn tried() -> Self {
        let linux = if cfg!(target_os = "linux") { None } else { Some(NOT_LINUX) };
        let ip = || system_program("ip").is_none().then_some("no ip");
        let cc = || (!runs("cc")).then_some("no cc");
        // What was made goes again at once.
        let namespace = || Network::lay(1).is_err().then_some(NO_NAMESPACE);
        let mount = || Disk::mount().is_err().then_some(NO_MOUNT);
        Self {
            no_network: linux.or_else(ip).or_else(namespace),
            no_clock: linux.or_else(cc),
            no_disk: linux.or_else(mount),
        }
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
