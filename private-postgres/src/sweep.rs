//! Clears what killed programs left in the folder for temporary files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use nix::unistd::geteuid;

use crate::error::Error;
use crate::home::{Home, NEW_EXTENSION, remove_folder};
use crate::options::THROW_AWAY_PREFIX;
use crate::processes::end_leftovers;

/// A home gets its lock within a moment of being made; one without after this long was left by a killed program.
const UNLOCKED_AGE_MIN: Duration = Duration::from_secs(600);

/// Removes the throw-away homes of this user whose program is gone, with servers that still run there. Trouble with
/// one is logged and no reason not to start.
pub(crate) fn sweep(folder: &Path) {
    // Processes are recognised by the real path of their cluster.
    let Ok(entries) = folder.canonicalize().and_then(fs::read_dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_candidate = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(THROW_AWAY_PREFIX));
        if is_candidate && is_own_folder(&path) {
            match sweep_one(&path) {
                // In use: that is the normal case.
                Ok(()) | Err(Error::InUse { .. }) => {}
                Err(error) => tracing::warn!(%error, "a leftover throw-away cluster stays for now"),
            }
        }
    }
}

fn sweep_one(path: &Path) -> Result<(), Error> {
    if path.extension().is_some_and(|extension| extension == NEW_EXTENSION) {
        return if is_old(path) { remove_folder(path) } else { Ok(()) };
    }
    let home = Home { path: path.to_owned() };
    let _lock = match home.lock() {
        // Somebody removes it right now.
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        locked => locked?,
    };
    end_leftovers(&home.cluster())?;
    home.remove()
}

fn is_own_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|data| data.is_dir() && data.uid() == geteuid().as_raw())
}

fn is_old(path: &Path) -> bool {
    let modified = path.metadata().and_then(|data| data.modified());
    let age = modified.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age > UNLOCKED_AGE_MIN)
}
