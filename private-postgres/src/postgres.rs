//! The handle on a private cluster.

use std::path::Path;
use std::time::Duration;

use crate::cluster::{self, Source};
use crate::error::Error;
use crate::home::{Home, Lock};
use crate::identity::{Identity, run};
use crate::install::Installation;
use crate::options::Options;
use crate::processes::end_leftovers;
use crate::server::{Launch, Server, Stop};
use crate::url::{SUPERUSER, socket_url};

/// A standby first reads what it has of its primary's log.
const PROMOTE_MAX: Duration = Duration::from_secs(60);

/// A PostgreSQL cluster owned by this program. Its server stops on drop; a throw-away cluster is removed then.
#[derive(Debug)]
pub struct PrivatePostgres {
    server: Option<Server>,
    launch: Launch,
    /// Dropped last: until then nobody else may use the home.
    _lock: Lock,
}

impl PrivatePostgres {
    /// Makes the cluster if there is none, clears what a killed program left, starts the server and waits until it
    /// accepts connections: about two seconds the first time, half a second later, longer after a crash.
    pub fn start(options: Options) -> Result<Self, Error> {
        Self::start_from(options, &Source::New)
    }

    /// Makes a standby of this server, which has to run: a copy that follows it, and shows what it has a moment later. It
    /// does not survive its primary, and needs settings no smaller.
    pub fn standby(&self, options: Options) -> Result<Self, Error> {
        Self::start_from(options, &Source::StandbyOf(self.url("postgres")))
    }

    fn start_from(options: Options, source: &Source) -> Result<Self, Error> {
        let settings = options.merged_settings()?;
        let cluster = options.data_dir.join("cluster");
        let identity = Identity::choose(Some(&cluster));
        let existing = cluster::version(&options.data_dir)?;
        let existing = existing.as_deref().map(|version| (cluster.as_path(), version));
        let installation = Installation::for_cluster(&identity, existing)?;
        let (home, lock) = open_home(&options, &identity)?;
        let started = start_in(&home, identity, installation, source, settings, options.throw_away);
        match started {
            Ok((launch, server)) => Ok(Self { server: Some(server), launch, _lock: lock }),
            Err(error) => {
                if options.throw_away {
                    remove(&home);
                }
                Err(error)
            }
        }
    }

    /// A URL of a database of this cluster, for its superuser, as libpq and sqlx read it. It stays the same over
    /// restarts.
    pub fn url(&self, database: &str) -> String {
        socket_url(&self.launch.socket_folder, database)
    }

    /// Makes an empty database; fails if there is one of that name.
    pub fn create_database(&self, name: &str) -> Result<(), Error> {
        let mut command = self.launch.identity.command(self.launch.installation.program("createdb"));
        run(command.args(["--maintenance-db", &self.url("postgres"), "--", name]))
    }

    /// Makes an empty database unless there is one of that name.
    pub fn ensure_database(&self, name: &str) -> Result<(), Error> {
        match self.create_database(name) {
            // The programs run with messages in English.
            Err(Error::Failed { output, .. }) if output.contains("already exists") => Ok(()),
            created => created,
        }
    }

    /// The home folder of the cluster.
    pub fn data_dir(&self) -> &Path {
        &self.launch.home.path
    }

    /// The folder of the server's socket; mode 0700.
    pub fn socket_dir(&self) -> &Path {
        &self.launch.socket_folder
    }

    /// The name of the superuser, who needs no password.
    pub fn superuser(&self) -> &'static str {
        SUPERUSER
    }

    /// The server's binaries, for example to run `psql` or `pg_dump` of the same version.
    pub fn installation(&self) -> &Installation {
        &self.launch.installation
    }

    /// The postmaster's process id; absent after a stop. It may have ended by itself.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Server::pid)
    }

    /// Whether the server has ended by itself since it was started.
    pub fn has_ended(&mut self) -> bool {
        self.server.as_mut().is_some_and(Server::has_ended)
    }

    /// Fast shutdown: ends all connections, writes everything, waits. Nothing happens if it is stopped.
    pub fn stop(&mut self) -> Result<(), Error> {
        self.end(Stop::Fast)
    }

    /// Stops at once without writing, as in a crash; the next start recovers.
    pub fn stop_immediate(&mut self) -> Result<(), Error> {
        self.end(Stop::Immediate)
    }

    /// Kills the postmaster with -9, as the kernel would when memory runs out.
    pub fn kill9(&mut self) -> Result<(), Error> {
        self.end(Stop::Kill)
    }

    /// Starts the server again under the same URL, after a fast shutdown if it runs. Also the way back after
    /// [`Self::stop`], [`Self::stop_immediate`] and [`Self::kill9`].
    pub fn restart(&mut self) -> Result<(), Error> {
        self.stop()?;
        end_leftovers(&self.launch.home.cluster())?;
        self.server = Some(self.launch.start()?);
        Ok(())
    }

    /// Makes a standby a server that takes writes, on a timeline of its own, and waits until it does. Its primary has to be gone,
    /// or there are two.
    pub fn promote(&self) -> Result<(), Error> {
        let mut command = self.launch.identity.command(self.launch.installation.program("pg_ctl"));
        let longest = PROMOTE_MAX.as_secs().to_string();
        run(command.args(["promote", "--wait", "--timeout", &longest, "--pgdata"]).arg(self.launch.home.cluster()))
    }

    fn end(&mut self, how: Stop) -> Result<(), Error> {
        self.server.take().map_or(Ok(()), |server| server.stop(how, &self.launch.home.cluster()))
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        let throw_away = self.launch.throw_away;
        if let Err(error) = self.end(if throw_away { Stop::Immediate } else { Stop::Fast }) {
            tracing::error!(%error, "the private PostgreSQL did not stop");
        } else if throw_away {
            remove(&self.launch.home);
            // In a long path the socket lies outside of the home.
            if let Err(error) = crate::home::remove_folder(&self.launch.socket_folder) {
                tracing::warn!(%error, "a socket folder stays");
            }
        }
    }
}

fn open_home(options: &Options, identity: &Identity) -> Result<(Home, Lock), Error> {
    if !options.throw_away {
        return Home::open(&options.data_dir, identity);
    }
    if let Some(folder) = options.data_dir.parent() {
        crate::sweep::sweep(folder);
    }
    Home::create(&options.data_dir, identity)
}

fn start_in(
    home: &Home,
    identity: Identity,
    installation: Installation,
    source: &Source,
    settings: Vec<(String, String)>,
    throw_away: bool,
) -> Result<(Launch, Server), Error> {
    end_leftovers(&home.cluster())?;
    cluster::ensure(home, &identity, &installation, source, !throw_away)?;
    let socket_folder = crate::socket::folder(home, &identity)?;
    let launch = Launch { home: home.clone(), identity, installation, socket_folder, settings, throw_away };
    let server = launch.start()?;
    Ok((launch, server))
}

fn remove(home: &Home) {
    // Backends that lose their postmaster may write a last file while the folder is emptied.
    if let Err(error) = end_leftovers(&home.cluster()).and_then(|()| home.remove()) {
        tracing::warn!(%error, "a throw-away cluster stays for now; the next one that starts removes it");
    }
}
