//! One run of the server: from launch to end.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::error::{Error, io_error};
use crate::guard::Guard;
use crate::home::Home;
use crate::identity::Identity;
use crate::install::Installation;
use crate::processes::{FAST_STOP_MAX, IMMEDIATE_STOP_MAX, POLL, PidFile, wait_until};
use crate::socket::PORT;

/// Recovery after a crash reads up to `max_wal_size` of log.
const START_MAX: Duration = Duration::from_secs(300);

/// All that a launch needs.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) home: Home,
    pub(crate) identity: Identity,
    pub(crate) installation: Installation,
    pub(crate) socket_folder: PathBuf,
    pub(crate) settings: Vec<(String, String)>,
    /// Whether the guard removes the home.
    pub(crate) throw_away: bool,
}

/// A running server. Fields are dropped in this order.
#[derive(Debug)]
pub(crate) struct Server {
    _guard: Guard,
    postmaster: Child,
}

/// The ways to end a server, as `pg_ctl` calls them, and one that it does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Connections are ended, everything is written.
    Fast,
    /// At once, without writing: the next start recovers.
    Immediate,
    /// The postmaster is killed; its backends find out by themselves.
    Kill,
}

impl Launch {
    /// Starts the server and waits until it accepts connections. The caller knows that none runs on this cluster.
    pub(crate) fn start(&self) -> Result<Server, Error> {
        crate::socket::make_folder(&self.socket_folder, &self.identity)?;
        let log = self.home.open_log()?;
        let errors = log.try_clone().map_err(io_error("open", &self.home.log()))?;
        let mut command = self.command();
        command.process_group(0).stdout(log).stderr(errors);
        let program = self.installation.program("postgres");
        let mut postmaster = command.spawn().map_err(io_error("run", &program))?;
        let _guard = match Guard::start(&self.home, postmaster.id(), self.throw_away) {
            Ok(guard) => guard,
            Err(error) => {
                end(&mut postmaster, Stop::Immediate, &self.home.cluster())?;
                return Err(error);
            }
        };
        let mut server = Server { _guard, postmaster };
        match self.wait_until_ready(&mut server.postmaster) {
            Ok(()) => Ok(server),
            Err(reason) => {
                server.stop(Stop::Immediate, &self.home.cluster())?;
                Err(self.failure(reason))
            }
        }
    }

    fn command(&self) -> Command {
        let mut command = self.identity.command(self.installation.program("postgres"));
        command.arg("-D").arg(self.home.cluster());
        for (name, value) in self.supported_settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let mut folder = std::ffi::OsString::from("unix_socket_directories=");
        folder.push(quoted(&self.socket_folder));
        command.args(["-c", "listen_addresses=", "-c", &format!("port={PORT}"), "-c"]).arg(folder);
        command
    }

    /// The settings, without a compression that this server was built without.
    fn supported_settings(&self) -> impl Iterator<Item = &(String, String)> {
        self.settings.iter().filter(|(name, value)| name != "wal_compression" || self.accepts(name, value))
    }

    fn accepts(&self, name: &str, value: &str) -> bool {
        let mut command = self.identity.command(self.installation.program("postgres"));
        command.arg("-D").arg(self.home.cluster()).args(["-c", &format!("{name}={value}"), "-C", name]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    fn wait_until_ready(&self, postmaster: &mut Child) -> Result<(), String> {
        let deadline = Instant::now() + START_MAX;
        while Instant::now() < deadline {
            if let Some(status) = exit_status(postmaster) {
                return Err(format!("the server ended ({status})"));
            }
            let file = PidFile::read(&self.home.cluster());
            if file.is_some_and(|file| file.is_ready && file.pid.cast_unsigned() == postmaster.id()) {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        Err(format!("it was not ready after {} s", START_MAX.as_secs()))
    }

    fn failure(&self, reason: String) -> Error {
        let (cluster, log) = (self.home.cluster(), self.home.log());
        Error::DidNotStart { cluster, reason, log, tail: self.home.log_tail() }
    }
}

impl Server {
    /// The postmaster's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.postmaster.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        exit_status(&mut self.postmaster).is_some()
    }

    /// Ends the server, if need be less gently than asked for, and waits for its end.
    pub(crate) fn stop(mut self, how: Stop, cluster: &Path) -> Result<(), Error> {
        end(&mut self.postmaster, how, cluster)
    }
}

fn end(postmaster: &mut Child, how: Stop, cluster: &Path) -> Result<(), Error> {
    let pid = postmaster.id().cast_signed();
    let steps = [
        (Stop::Fast, Signal::SIGINT, FAST_STOP_MAX),
        (Stop::Immediate, Signal::SIGQUIT, IMMEDIATE_STOP_MAX),
        (Stop::Kill, Signal::SIGKILL, IMMEDIATE_STOP_MAX),
    ];
    for (_, signal, limit) in steps.into_iter().skip_while(|(step, ..)| *step != how) {
        // Asked before each signal: a child that has ended but was not waited for keeps its number.
        if exit_status(postmaster).is_none() {
            kill(Pid::from_raw(pid), signal).map_err(|errno| io_error("stop the server in", cluster)(errno.into()))?;
        }
        if wait_until(limit, || exit_status(postmaster).is_some()) {
            return Ok(());
        }
    }
    Err(Error::DidNotStop { cluster: cluster.to_owned(), pid })
}

fn exit_status(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().ok().flatten()
}

/// PostgreSQL reads a list there: quoted, so that a comma or a blank in the path is part of it.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.to_string_lossy().replace('"', "\"\""))
}
