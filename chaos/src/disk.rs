//! A disk of its own for the database, which can be full.
//!
//! It is in memory, and takes only as much of it as is written. To fill it, its size is set to what is in use: that is
//! as if another program had taken the rest, and costs no memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use nix::sys::statvfs::statvfs;

use crate::means::system_program;
use crate::remains::{left_behind, own_name};

/// How the names of its folders begin.
const FOLDER: &str = "capstan-chaos-disk-";
/// Enough for half an hour.
const BYTES: u64 = 6 << 30;
/// What is in use may grow while it is looked at.
const TRIES_MAX: usize = 20;

/// A mounted disk; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one; what killed runs have left is removed.
    pub(crate) fn mount() -> anyhow::Result<Self> {
        left_behind(FOLDER).iter().for_each(|left| unmount(left));
        let disk = Self { folder: std::env::temp_dir().join(format!("{FOLDER}{}", own_name()?)) };
        std::fs::create_dir(&disk.folder)?;
        system("mount", &["-t", "tmpfs", "-o", &format!("size={BYTES},mode=755"), "capstan-chaos"], &disk.folder)?;
        Ok(disk)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Leaves no room.
    pub(crate) fn fill(&self) -> anyhow::Result<()> {
        let mut filled = Ok(());
        for _ in 0..TRIES_MAX {
            let used = statvfs(&self.folder)?;
            filled = self.resize((used.blocks() - used.blocks_free()) * used.fragment_size());
            if filled.is_ok() {
                break;
            }
        }
        filled
    }

    /// Gives the room back.
    pub(crate) fn free(&self) -> anyhow::Result<()> {
        self.resize(BYTES)
    }

    fn resize(&self, bytes: u64) -> anyhow::Result<()> {
        system("mount", &["-o", &format!("remount,size={bytes}")], &self.folder)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.folder);
    }
}

/// As well as it goes: what stays is removed by the next run.
fn unmount(folder: &Path) {
    let _ = system("umount", &["-l"], folder);
    let _ = std::fs::remove_dir(folder);
}

fn system(name: &str, args: &[&str], folder: &Path) -> anyhow::Result<()> {
    let program = system_program(name).with_context(|| format!("there is no {name}"))?;
    let output = Command::new(program).args(args).arg(folder).output()?;
    anyhow::ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
