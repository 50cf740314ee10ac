//! The folder that holds all of one cluster, and the lock that says whose it is.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;

use crate::error::{Error, io_error};
use crate::identity::{Identity, last_lines};

/// A log over this size is set aside at the next start, as `server.log.1`.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How many lines of the log an error carries.
const LOG_LINES_MAX: usize = 20;
/// How much of the log's end is looked at for them.
const LOG_TAIL_BYTES_MAX: u64 = 16 * 1024;

/// The paths of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) path: PathBuf,
}

/// Held while this program owns the home. Children do not inherit it.
pub(crate) type Lock = Flock<File>;

impl Home {
    pub(crate) fn cluster(&self) -> PathBuf {
        self.path.join("cluster")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("server.log")
    }

    fn lock_file(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Makes the folder if need be, checks that it is ours and that the server's user can enter it, and locks it.
    pub(crate) fn open(path: &Path, identity: &Identity) -> Result<(Self, Lock), Error> {
        make_folders(path, identity)?;
        let path = path.canonicalize().map_err(io_error("open", path))?;
        let owner = path.metadata().map_err(io_error("open", &path))?.uid();
        if owner != geteuid().as_raw() {
            return Err(Error::NotOurs { path, user: Identity::choose(None).name });
        }
        let home = Self { path };
        let lock = home.lock()?;
        if identity.is_other() && !identity.can_enter(&home.path) {
            return Err(Error::Unreachable { path: home.path, user: identity.name.clone() });
        }
        Ok((home, lock))
    }

    /// As [`Home::open`] for a folder that must be new. It gets its name only once it is locked, so that a sweep
    /// that runs at the same time never sees it without a holder.
    pub(crate) fn create(path: &Path, identity: &Identity) -> Result<(Self, Lock), Error> {
        let unlocked = path.with_added_extension(NEW_EXTENSION);
        let (_, lock) = Self::open(&unlocked, identity)?;
        fs::rename(&unlocked, path).map_err(io_error("rename", &unlocked))?;
        let path = path.canonicalize().map_err(io_error("open", path))?;
        Ok((Self { path }, lock))
    }

    /// Takes the lock at once or says who has it.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let path = self.lock_file();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600).custom_flags(OFlag::O_NOFOLLOW.bits());
        let file = options.open(&path).map_err(io_error("open", &path))?;
        let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => {
                return Err(Error::InUse { home: self.path.clone(), holder: holder(&mut file) });
            }
            Err((_, errno)) => return Err(io_error("lock", &path)(errno.into())),
        };
        lock.set_len(0)
            .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()))
            .map_err(io_error("write", &path))?;
        Ok(lock)
    }

    /// Opens the log for appending; one that has grown too large is set aside first.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if path.metadata().is_ok_and(|data| data.len() > LOG_BYTES_MAX) {
            fs::rename(&path, path.with_added_extension("1")).map_err(io_error("rename", &path))?;
        }
        OpenOptions::new().append(true).create(true).mode(0o600).open(&path).map_err(io_error("open", &path))
    }

    /// The last lines of the log, or why there are none.
    pub(crate) fn log_tail(&self) -> String {
        read_tail(&self.log()).map_or_else(
            |error| format!("(no log: {error})"),
            |bytes| last_lines(&String::from_utf8_lossy(&bytes), LOG_LINES_MAX),
        )
    }

    /// Removes everything. What another one removes at the same time is no error.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        remove_folder(&self.path)
    }
}

/// Extension of a throw-away home that is not locked yet.
pub(crate) const NEW_EXTENSION: &str = "new";

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Makes a folder of mode 0700 that belongs to the server's user.
pub(crate) fn make_private_folder(path: &Path, identity: &Identity) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(io_error("make", path))?;
    identity.give(path)
}

/// Makes the missing folders down to `path`: open to be entered where the server has another user, else private.
fn make_folders(path: &Path, identity: &Identity) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folders(parent, identity)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        made => made.map_err(io_error("make", path))?,
    }
    // Set afterwards, because the umask takes away from what is given at creation.
    let mode = if identity.is_other() { 0o755 } else { 0o700 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(io_error("set the mode of", path))
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(20).read_to_string(&mut text);
    if read.is_ok() && !text.is_empty() { text } else { "unknown".to_owned() }
}

fn read_tail(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Seek;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}
