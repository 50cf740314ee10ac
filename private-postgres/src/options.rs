//! What a caller chooses about its cluster.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::unistd::geteuid;

use crate::error::Error;
use crate::identity::Identity;
use crate::memory;

/// How the names of throw-away homes begin; the sweep looks for it.
pub(crate) const THROW_AWAY_PREFIX: &str = "capstan-pg-";
/// Where root's persistent clusters live: the server's user can enter it, unlike root's own home.
const ROOT_HOMES: &str = "/var/lib/capstan";
/// Fixed by this crate; the rest of the code relies on them.
const RESERVED: [&str; 5] =
    ["listen_addresses", "port", "unix_socket_directories", "data_directory", "external_pid_file"];

/// Sensible for development and tests on one machine; durability stays at PostgreSQL's safe defaults.
const DEFAULT_SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "256MB"),
    ("max_connections", "200"),
    ("autovacuum_naptime", "5s"),
    ("max_wal_size", "4GB"),
    // Left out where the server was built without it.
    ("wal_compression", "lz4"),
];

/// Where the cluster lives and how it is set.
#[derive(Debug, Clone)]
pub struct Options {
    /// The home folder of the cluster (see the crate's documentation); made if it is missing.
    pub data_dir: PathBuf,
    /// PostgreSQL settings, by name; they win over the built-in ones, later ones over earlier ones.
    pub settings: Vec<(String, String)>,
    /// Removed on drop.
    pub(crate) throw_away: bool,
}

impl Options {
    /// A cluster that stays, in a folder that the server's user can reach: for root below `/var/lib/capstan`, for
    /// others below `$XDG_DATA_HOME/capstan` or `~/.local/share/capstan`. Characters of `name` other than letters,
    /// digits, `_` and `-` become `-`.
    pub fn named(name: &str) -> Self {
        let safe: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
        Self::at(homes().join(if safe.is_empty() { "default" } else { &safe }))
    }

    /// A cluster that stays, in a folder of the caller's choice.
    pub fn at(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), settings: Vec::new(), throw_away: false }
    }

    /// A fresh cluster below the folder for temporary files, removed on drop. What killed programs left there is
    /// swept when it starts.
    pub fn throw_away() -> Self {
        Self::throw_away_in(&temporary_folder(&Identity::choose(None)))
    }

    /// A fresh cluster for tests, removed on drop: in memory where there is plenty of it, else as
    /// [`Self::throw_away`]. Every promise of the server to a crash of it or of its programs holds there as well.
    pub fn throw_away_in_memory() -> Self {
        let Some(folder) = memory::folder(&Identity::choose(None)) else { return Self::throw_away() };
        // Its log is in memory, too: what has been written to the tables need not stay.
        Self::throw_away_in(&folder).setting("max_wal_size", "1GB")
    }

    /// The same below another folder, which the server's user can enter.
    pub fn throw_away_in(folder: &Path) -> Self {
        let data_dir = folder.join(format!("{THROW_AWAY_PREFIX}{}", unique()));
        Self { data_dir, settings: Vec::new(), throw_away: true }
    }

    /// Adds one PostgreSQL setting.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The built-in settings under the caller's, or the first name that is not allowed.
    pub(crate) fn merged_settings(&self) -> Result<Vec<(String, String)>, Error> {
        let mut merged: Vec<(String, String)> =
            DEFAULT_SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        for (name, value) in &self.settings {
            let name = name.to_ascii_lowercase();
            let valid = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
            if !valid || value.contains('\0') || RESERVED.contains(&name.as_str()) {
                return Err(Error::BadSetting { name });
            }
            merged.retain(|(other, _)| *other != name);
            merged.push((name, value.clone()));
        }
        Ok(merged)
    }
}

/// Differs for every call on this machine; letters, digits and `_` only.
pub(crate) fn unique() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}_{}_{nanos:x}", std::process::id(), CALLS.fetch_add(1, Ordering::Relaxed))
}

/// The folder for temporary files, if the server's user can enter it; else `/tmp`.
pub(crate) fn temporary_folder(identity: &Identity) -> PathBuf {
    let folder = std::env::temp_dir();
    let usable = folder.is_absolute() && (!identity.is_other() || identity.can_enter(&folder));
    if usable { folder } else { PathBuf::from("/tmp") }
}

fn homes() -> PathBuf {
    if geteuid().is_root() {
        return PathBuf::from(ROOT_HOMES);
    }
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(absolute);
    let usual = || std::env::home_dir().filter(absolute).map(|home| home.join(".local/share"));
    match named.or_else(usual) {
        Some(folder) => folder.join("capstan"),
        None => Path::new("/var/tmp").join(format!("capstan-{}", geteuid())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_overrides_a_built_in_setting_once() {
        let merged = Options::named("x").setting("SHARED_BUFFERS", "64MB").merged_settings().unwrap();
        let found: Vec<&str> =
            merged.iter().filter(|(name, _)| name == "shared_buffers").map(|(_, value)| value.as_str()).collect();
        assert_eq!(found, ["64MB"]);
    }

    #[test]
    fn settings_that_the_crate_relies_on_are_refused() {
        for name in ["port", "Listen_Addresses", "fsync=off -c x", ""] {
            assert!(Options::named("x").setting(name, "1").merged_settings().is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_folder() {
        assert!(Options::named("../../etc").data_dir.ends_with("------etc"));
        assert!(Options::named("").data_dir.ends_with("default"));
    }

    #[test]
    fn unique_is_unique() {
        assert_ne!(unique(), unique());
    }
}
