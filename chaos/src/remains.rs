//! Folders for temporary files that name the process they belong to, so that what killed runs left can be found.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder; it goes with all that is in it when this is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is found by the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A new folder whose name begins with `prefix`; those of processes that are no more are removed.
pub(crate) fn own_folder(prefix: &str) -> anyhow::Result<Folder> {
    for left in left_behind(prefix) {
        let _ = fs::remove_dir_all(left);
    }
    let path = std::env::temp_dir().join(format!("{prefix}{}", own_name()));
    fs::create_dir(&path)?;
    Ok(Folder(path))
}

/// The folders whose names begin with `prefix`, of processes that are no more.
pub(crate) fn left_behind(prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)));
    names.filter(|(_, name)| name.strip_prefix(prefix).is_some_and(is_left)).map(|(path, _)| path).collect()
}

/// Differs from all others of this machine.
pub(crate) fn own_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Whether such a name is that of a process that is no more.
pub(crate) fn is_left(name: &str) -> bool {
    let pid = name.split('-').next().filter(|pid| pid.parse::<u32>().is_ok());
    pid.is_some_and(|pid| Path::new("/proc").is_dir() && !Path::new("/proc").join(pid).exists())
}
