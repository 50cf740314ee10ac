//! Where the server's Unix socket is: in a short path that only the server's user and root can enter.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, io_error};
use crate::home::{Home, make_private_folder, remove_folder};
use crate::identity::Identity;
use crate::options::temporary_folder;

/// Part of the socket's name; nothing listens on a TCP port.
pub(crate) const PORT: u16 = 5432;
/// Socket addresses hold 108 bytes on Linux and 104 on macOS, with the NUL at the end.
const PATH_BYTES_MAX: usize = 99;

/// The socket's folder: in the home if the path is short and plain enough, else below the folder for temporary files, under a
/// name that is always the same for this home.
pub(crate) fn folder(home: &Home, identity: &Identity) -> Result<PathBuf, Error> {
    let inside = home.path.join("socket");
    if fits(&inside) {
        return Ok(inside);
    }
    let mut hasher = DefaultHasher::new();
    home.path.hash(&mut hasher);
    let name = format!("capstan-{:016x}", hasher.finish());
    let outside = [temporary_folder(identity), PathBuf::from("/tmp")].map(|parent| parent.join(&name));
    let [long, _] = &outside;
    let error = Error::SocketPathTooLong { path: socket(long) };
    outside.into_iter().find(|folder| fits(folder)).ok_or(error)
}

/// Makes the folder anew, empty. The caller knows that no server uses it.
pub(crate) fn make_folder(folder: &Path, identity: &Identity) -> Result<(), Error> {
    if let Ok(data) = folder.symlink_metadata() {
        // Below a folder for temporary files, anybody could have made it first.
        let ours = data.is_dir() && data.uid() == identity.uid() && data.permissions().mode() & 0o077 == 0;
        let unfinished = data.is_dir() && data.uid() == nix::unistd::geteuid().as_raw();
        if !ours && !unfinished {
            return Err(Error::NotOurs { path: folder.to_owned(), user: identity.name.clone() });
        }
        remove_folder(folder)?;
    }
    make_private_folder(folder, identity)?;
    if identity.can_enter(folder) {
        Ok(())
    } else {
        Err(io_error("enter", folder)(std::io::ErrorKind::PermissionDenied.into()))
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// Clients take a comma in the path for the end of a first host, and URLs are text.
fn fits(folder: &Path) -> bool {
    socket(folder).to_str().is_some_and(|path| path.len() <= PATH_BYTES_MAX && !path.contains(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_home_holds_its_socket() {
        let home = Home { path: PathBuf::from("/var/lib/capstan/dev") };
        assert_eq!(folder(&home, &Identity::choose(None)).unwrap(), Path::new("/var/lib/capstan/dev/socket"));
    }

    #[test]
    fn a_long_home_has_its_socket_elsewhere_always_in_the_same_place() {
        let home = Home { path: Path::new("/").join("long".repeat(40)) };
        let identity = Identity::choose(None);
        let chosen = folder(&home, &identity).unwrap();
        assert!(fits(&chosen) && chosen == folder(&home, &identity).unwrap(), "{}", chosen.display());
    }

    #[test]
    fn a_socket_folder_that_others_can_enter_is_not_used() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("socket");
        std::fs::write(&file, "").unwrap();
        assert!(matches!(make_folder(&file, &Identity::choose(None)), Err(Error::NotOurs { .. })));
    }
}
