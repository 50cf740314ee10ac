//! Making the cluster's files, whole or not at all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, io_error};
use crate::home::{Home, make_private_folder, remove_folder};
use crate::identity::{Identity, run};
use crate::install::Installation;
use crate::url::SUPERUSER;

/// How the folder of an initdb under way begins.
const MAKING_PREFIX: &str = "cluster.making.";

/// The major version that made the cluster; absent if there is none yet.
pub(crate) fn version(home: &Path) -> Result<Option<String>, Error> {
    let cluster = home.join("cluster");
    match fs::read_to_string(cluster.join("PG_VERSION")) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(_) if is_missing_or_empty(&cluster) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Error::NotACluster { cluster }),
        Err(error) => Err(io_error("read", &cluster.join("PG_VERSION"))(error)),
    }
}

/// What a cluster is made of.
#[derive(Debug)]
pub(crate) enum Source {
    /// Nothing: it is empty.
    New,
    /// A copy of the running server at this URL, which it follows from then on.
    StandbyOf(String),
}

impl Source {
    /// The program that makes it, as far as it depends on the source.
    fn maker(&self, identity: &Identity, installation: &Installation) -> Command {
        match self {
            Self::New => {
                let mut initdb = identity.command(installation.program("initdb"));
                initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]);
                initdb.args(["--username", SUPERUSER]);
                initdb
            }
            Self::StandbyOf(url) => {
                let mut copy = identity.command(installation.program("pg_basebackup"));
                copy.args(["--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--dbname", url]);
                copy
            }
        }
    }
}

/// Makes the cluster if there is none. It is made under another name, which it loses when it is complete and on disk:
/// a program killed meanwhile leaves nothing that could be taken for a cluster.
pub(crate) fn ensure(
    home: &Home,
    identity: &Identity,
    installation: &Installation,
    source: &Source,
    durable: bool,
) -> Result<(), Error> {
    remove_unfinished(home);
    if version(&home.path)?.is_some() {
        return Ok(());
    }
    let making = home.path.join(format!("{MAKING_PREFIX}{}", crate::options::unique()));
    make_private_folder(&making, identity)?;
    let mut maker = source.maker(identity, installation);
    if let Err(error) = run(maker.args((!durable).then_some("--no-sync")).arg("--pgdata").arg(&making)) {
        remove_unfinished(home);
        return Err(error);
    }
    publish(home, &making)
}

fn publish(home: &Home, making: &Path) -> Result<(), Error> {
    // An empty folder of that name would be replaced by the rename.
    fs::rename(making, home.cluster()).map_err(io_error("rename", making))?;
    File::open(&home.path).and_then(|folder| folder.sync_all()).map_err(io_error("sync", &home.path))
}

/// As well as it goes: an initdb whose program was killed may still write there, and soon fails by itself.
fn remove_unfinished(home: &Home) {
    for folder in unfinished(&home.path) {
        if let Err(error) = remove_folder(&folder) {
            tracing::warn!(%error, "a half-made cluster stays for now");
        }
    }
}

fn unfinished(home: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(home) else { return Vec::new() };
    let matching = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(MAKING_PREFIX));
    matching.map(|entry| entry.path()).collect()
}

fn is_missing_or_empty(folder: &Path) -> bool {
    match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_foreign_files_is_not_taken_for_a_cluster() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(version(home.path()).unwrap(), None);
        fs::create_dir(home.path().join("cluster")).unwrap();
        assert_eq!(version(home.path()).unwrap(), None);
        fs::write(home.path().join("cluster/letter.txt"), "dear").unwrap();
        assert!(matches!(version(home.path()), Err(Error::NotACluster { .. })));
    }
}
