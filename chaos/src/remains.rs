//! Names for what a run leaves on the machine while it lasts: folders, disks, namespaces. Each names its process by a
//! word drawn at random, and a file of that word is locked for as long as the process lives: so what killed runs have
//! left can be told from what others work with, in whatever container they do.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use uuid::Uuid;

/// How all names begin, and the kind that is not only a folder.
const COMMON: &str = "capstan-chaos-";
const DISK: &str = "disk";
/// How the names of lock files begin, and end.
const LOCK: &str = "capstan-chaos-run-";
const LOCKED: &str = ".lock";
/// Each word begins so, which no process id does.
const WORD: &str = "r";
/// Digits of a word: it is part of the names of network interfaces, which are short.
const DIGITS: usize = 6;
/// Words that are tried at most: others may have the same.
const TRIES_MAX: usize = 20;

/// A folder; it goes with all that is in it when this is dropped.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

/// The word of this process, and its lock.
struct Own {
    word: String,
    _lock: File,
}

static OWN: OnceLock<Option<Own>> = OnceLock::new();

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

/// A new folder whose name begins with `prefix`: the common beginning, and a word for its kind.
pub(crate) fn own_folder(prefix: &str) -> anyhow::Result<Folder> {
    let path = std::env::temp_dir().join(format!("{prefix}{}", own_name()?));
    fs::create_dir(&path)?;
    Ok(Folder(path))
}

/// The folders whose names begin with `prefix`, of processes that are no more.
pub(crate) fn left_behind(prefix: &str) -> Vec<PathBuf> {
    let names = temporary().filter(|(_, name)| name.strip_prefix(prefix).is_some_and(is_left));
    names.map(|(path, _)| path).collect()
}

/// Differs from all others of this machine.
pub(crate) fn own_name() -> anyhow::Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let own = OWN.get_or_init(Own::begin).as_ref().context("no lock file can be made")?;
    Ok(format!("{}-{}", own.word, COUNT.fetch_add(1, Ordering::Relaxed)))
}

/// Whether such a name is that of a process that is no more.
pub(crate) fn is_left(name: &str) -> bool {
    let word = name.split('-').next().unwrap_or_default();
    let is_word = word.strip_prefix(WORD).is_some_and(|digits| digits.len() == DIGITS);
    let is_own = || OWN.get().and_then(Option::as_ref).is_some_and(|own| own.word == word);
    is_word && !is_own() && is_free(&lock_path(word))
}

/// Ends what this process has begun: its lock file goes, and all that still has its name is left.
pub(crate) fn leave() {
    if let Some(Some(own)) = OWN.get() {
        let _ = fs::remove_file(lock_path(&own.word));
    }
}

impl Own {
    /// Draws a word that nobody has, and removes what those have left that are no more.
    fn begin() -> Option<Self> {
        sweep();
        (0..TRIES_MAX).find_map(|_| {
            let digits = Uuid::now_v7().simple().to_string();
            let word = format!("{WORD}{}", &digits[digits.len() - DIGITS..]);
            let path = lock_path(&word);
            let lock = File::options().write(true).create_new(true).open(&path).ok()?;
            lock.try_lock().ok()?;
            // Another one's sweep may have come between.
            path.exists().then_some(Self { word, _lock: lock })
        })
    }
}

/// Removes folders, of whatever kind, and lock files. Disks and namespaces are more than that: who makes some looks for
/// them.
fn sweep() {
    let folders = temporary().filter(|(_, name)| {
        let kind_and_rest = name.strip_prefix(COMMON).and_then(|rest| rest.split_once('-'));
        kind_and_rest.is_some_and(|(kind, rest)| kind != DISK && is_left(rest))
    });
    folders.for_each(|(path, _)| drop(fs::remove_dir_all(path)));
    let words = temporary().filter(|(_, name)| name.starts_with(LOCK) && name.ends_with(LOCKED));
    words.filter(|(path, _)| is_free(path)).for_each(|(path, _)| drop(fs::remove_file(path)));
}

fn temporary() -> impl Iterator<Item = (PathBuf, String)> {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?)))
}

/// Whether nobody has a lock file, or there is none.
fn is_free(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock().is_ok(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

fn lock_path(word: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{LOCK}{word}{LOCKED}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_the_lock_of_is_left() {
        let name = own_name().unwrap();
        assert!(!is_left(&name), "it is our own");
        assert!(!is_left("4711-0") && !is_left("disk-r123456-0"), "of other kinds");
        let (word, held) = ("rtest-1", lock_path("rtest-1"));
        assert!(!is_left(word), "no word");
        let _ = fs::remove_file(held);
        let path = lock_path("r_test_");
        let lock = File::create(&path).unwrap();
        lock.try_lock().unwrap();
        assert!(!is_left("r_test_-0"), "somebody holds it");
        drop(lock);
        assert!(is_left("r_test_-0"));
        fs::remove_file(path).unwrap();
        assert!(is_left("r_test_-0"), "its lock file is gone");
    }

    #[test]
    fn the_folders_of_others_that_are_no_more_are_removed() {
        let own = own_folder("capstan-chaos-test-").unwrap();
        let [left, of_none] = ["test-r_gone_-0", "test-r-gone--0"].map(|name| {
            let folder = std::env::temp_dir().join(format!("{COMMON}{name}"));
            fs::create_dir_all(&folder).unwrap();
            folder
        });
        sweep();
        assert!(!left.exists() && own.path().exists());
        assert!(of_none.exists(), "it is of no process");
        fs::remove_dir(of_none).unwrap();
    }
}
