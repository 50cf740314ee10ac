//! Which PostgreSQL servers are installed on this machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::identity::Identity;

/// The oldest major version of PostgreSQL that is supported.
pub const MAJOR_MIN: u32 = 15;

/// Names the folder of the binaries to use; nothing else is searched then.
const OVERRIDE_VARIABLE: &str = "CAPSTAN_POSTGRES_BIN";
/// The programs that must all be there.
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "createdb"];
/// Where packages put server binaries: `(parent, start of the folder's name, rest of the path)`.
const PACKAGED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/local", "pgsql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// One installed server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Installation {
    /// Its version, major then minor.
    pub version: (u32, u32),
    /// The folder of its programs.
    pub bin: PathBuf,
}

impl Installation {
    /// The newest supported server of this machine.
    pub fn newest() -> Result<Self, Error> {
        Self::for_cluster(&Identity::choose(None), None)
    }

    /// The newest server, or for a cluster that exists the newest of the major version that made it.
    pub(crate) fn for_cluster(identity: &Identity, existing: Option<(&Path, &str)>) -> Result<Self, Error> {
        let mut found = installed(identity)?;
        let Some((cluster, wanted)) = existing else { return found.pop().ok_or(Error::NotInstalled) };
        let majors: BTreeSet<String> = found.iter().map(|one| one.version.0.to_string()).collect();
        found.into_iter().rfind(|one| one.version.0.to_string() == wanted).ok_or_else(|| Error::MajorMissing {
            cluster: cluster.to_owned(),
            wanted: wanted.to_owned(),
            found: if majors.is_empty() {
                "none".to_owned()
            } else {
                majors.into_iter().collect::<Vec<_>>().join(", ")
            },
        })
    }

    /// The path of one of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// All supported servers, oldest first.
fn installed(identity: &Identity) -> Result<Vec<Installation>, Error> {
    if let Some(path) = std::env::var_os(OVERRIDE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) {
        let found = probe(identity, &path);
        return found.map(|one| vec![one]).ok_or(Error::BadBinaries { path, user: identity.name.clone() });
    }
    let folders: BTreeSet<PathBuf> = candidates().filter_map(|folder| folder.canonicalize().ok()).collect();
    let mut found: Vec<Installation> = folders.iter().filter_map(|folder| probe(identity, folder)).collect();
    found.sort();
    Ok(found)
}

fn candidates() -> impl Iterator<Item = PathBuf> {
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&search_path).collect();
    PACKAGED.iter().flat_map(|place| packaged(*place)).chain(told_by_pg_config()).chain(on_path)
}

fn packaged((parent, start, rest): (&str, &str, &str)) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let matching = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(start));
    matching.map(|entry| entry.path().join(rest)).collect()
}

fn told_by_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

/// The server in a folder, if all its programs are there, the server's user can run it, and it is new enough.
fn probe(identity: &Identity, bin: &Path) -> Option<Installation> {
    if !bin.is_absolute() || !PROGRAMS.iter().all(|program| bin.join(program).is_file()) {
        return None;
    }
    let output = identity.command(bin.join("postgres")).arg("--version").stderr(Stdio::null()).output().ok()?;
    let version = parse_version(&String::from_utf8(output.stdout).ok()?)?;
    (version.0 >= MAJOR_MIN).then(|| Installation { version, bin: bin.to_owned() })
}

/// Reads `postgres (PostgreSQL) 15.14 (Debian …)`; `18devel` and `18beta1` count as `18.0`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let word = line.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let mut parts = word.split('.');
    let major = parts.next()?;
    let digits = major.find(|other: char| !other.is_ascii_digit()).unwrap_or(major.len());
    Some((major[..digits].parse().ok()?, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_packagers_print_them() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some((15, 14)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18devel"), Some((18, 0)));
        assert_eq!(parse_version("postgres (PostgreSQL) 17beta2"), Some((17, 0)));
        assert_eq!(parse_version("no version"), None);
    }

    #[test]
    fn a_cluster_of_a_major_that_is_not_installed_is_named() {
        let identity = Identity::choose(None);
        let error = Installation::for_cluster(&identity, Some((Path::new("/data"), "9.6"))).unwrap_err().to_string();
        assert!(error.contains("/data was made by PostgreSQL 9.6, but installed is only"), "{error}");
    }

    #[test]
    fn a_folder_without_a_server_is_no_installation() {
        assert_eq!(probe(&Identity::choose(None), Path::new("/etc")), None);
    }
}
