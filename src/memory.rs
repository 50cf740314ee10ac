//! What `dev` and `exec` remember between runs, in small files beside the database, for the owner only.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use capstan_domain::secrets::KeyRing;

/// Ports of the demo services: published versions name them, so they have to stay.
const PORTS_FILE: &str = "ports.json";
/// The key of the demo workspace; the database keeps its hash only.
const KEY_FILE: &str = "api-key";
/// The keys that seal stored secrets, where the settings have none: who loses them loses the secrets.
const SECRET_KEYS_FILE: &str = "secret-keys";

/// The folder of these files.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    folder: PathBuf,
}

impl Memory {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The API key of the last run, if there was one.
    pub(crate) fn key(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.join(KEY_FILE)).ok()?;
        Some(text.trim().to_owned()).filter(|key| !key.is_empty())
    }

    /// Keeps the API key.
    pub(crate) fn keep_key(&self, key: &str) -> anyhow::Result<()> {
        self.keep(KEY_FILE, &format!("{key}\n"))
    }

    /// The keys that seal secrets; the first one is made now.
    pub(crate) fn secret_keys(&self) -> anyhow::Result<KeyRing> {
        let path = self.folder.join(SECRET_KEYS_FILE);
        if !path.exists() {
            let mine = path.with_extension(format!("{}.new", std::process::id()));
            make_folder(&self.folder)
                .and_then(|()| write(&mine, &KeyRing::generate().to_text()))
                // Whoever comes first: nobody's key may be replaced, once something is sealed under it.
                .and_then(|()| fs::hard_link(&mine, &path).or_else(|error| path.exists().then_some(()).ok_or(error)))
                .and_then(|()| fs::remove_file(&mine))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        KeyRing::parse(&text).with_context(|| format!("the secret keys in {} cannot be used", path.display()))
    }

    /// Ports by service; empty if nothing is known or readable.
    pub(crate) fn ports(&self) -> BTreeMap<String, u16> {
        let text = fs::read_to_string(self.folder.join(PORTS_FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps the ports.
    pub(crate) fn keep_ports(&self, ports: &BTreeMap<String, u16>) -> anyhow::Result<()> {
        self.keep(PORTS_FILE, &serde_json::to_string(ports)?)
    }

    /// Replaces a file as a whole, so that a kill leaves the old or the new one.
    fn keep(&self, name: &str, content: &str) -> anyhow::Result<()> {
        let path = self.folder.join(name);
        make_folder(&self.folder)
            .and_then(|()| write(&path.with_extension("new"), content))
            .and_then(|()| fs::rename(path.with_extension("new"), &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
    }
    fs::create_dir(folder)?;
    // The files are for their owner only; their folder may have to be entered by the user that the server runs as.
    // Set afterwards, because the umask takes away from what is given at creation.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

fn write(path: &Path, content: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_kept_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path().join("a/b"));
        assert_eq!(memory.key(), None);
        memory.keep_key("cap_1").unwrap();
        memory.keep_key("cap_2").unwrap();
        assert_eq!(memory.key().as_deref(), Some("cap_2"));
        let mode = fs::metadata(folder.path().join("a/b").join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn secret_keys_are_made_once_and_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path().join("a"));
        let made = memory.secret_keys().unwrap();
        assert_eq!(*memory.secret_keys().unwrap().to_text(), *made.to_text());
        let files: Vec<_> = fs::read_dir(folder.path().join("a")).unwrap().map(|file| file.unwrap()).collect();
        assert_eq!((files.len(), files[0].metadata().unwrap().permissions().mode() & 0o777), (1, 0o600));
        fs::write(files[0].path(), "nonsense").unwrap();
        assert!(memory.secret_keys().is_err());
    }

    #[test]
    fn unreadable_ports_are_no_ports() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path().to_owned());
        fs::write(folder.path().join(PORTS_FILE), "{").unwrap();
        assert!(memory.ports().is_empty());
        memory.keep_ports(&BTreeMap::from([("a".into(), 7)])).unwrap();
        assert_eq!(memory.ports()["a"], 7);
    }
}
