//! Who the server runs as, and how its programs are called.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User, geteuid};

use crate::error::{Error, io_error};

/// Users to become when started by root, first that exists. PostgreSQL refuses to run as root.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// How many lines of a failed program's output an error carries.
const OUTPUT_LINES_MAX: usize = 20;

/// The user that every PostgreSQL program is run as.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// For messages.
    pub(crate) name: String,
    /// `(uid, gid)` to switch to; absent when this program is unprivileged itself.
    switch_to: Option<(u32, u32)>,
}

impl Identity {
    /// This user, or for root an unprivileged one: the owner of `cluster` if that exists already.
    pub(crate) fn choose(cluster: Option<&Path>) -> Self {
        let me = geteuid();
        if !me.is_root() {
            return Self { name: name_of(me), switch_to: None };
        }
        let owner = cluster.and_then(|path| path.symlink_metadata().ok()).map(|data| (data.uid(), data.gid()));
        let user = || UNPRIVILEGED.iter().find_map(|name| User::from_name(name).ok().flatten());
        let ids = owner
            .filter(|(uid, _)| *uid != 0)
            .or_else(|| user().map(|user| (user.uid.as_raw(), user.gid.as_raw())))
            .unwrap_or((65534, 65534));
        Self { name: name_of(Uid::from_raw(ids.0)), switch_to: Some(ids) }
    }

    /// The user id that the server has.
    pub(crate) fn uid(&self) -> u32 {
        self.switch_to.map_or_else(|| geteuid().as_raw(), |(uid, _)| uid)
    }

    /// True if the server's user is not this program's.
    pub(crate) fn is_other(&self) -> bool {
        self.switch_to.is_some()
    }

    /// A command that runs as this user in `/`, without input and without any `PG*` variable of the caller. Becoming
    /// another user from root also drops root's supplementary groups (the standard library does so).
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((uid, gid)) = self.switch_to {
            command.env("HOME", "/").uid(uid).gid(gid);
        }
        command
    }

    /// Gives a file or folder to this user.
    pub(crate) fn give(&self, path: &Path) -> Result<(), Error> {
        match self.switch_to {
            Some((uid, gid)) => {
                std::os::unix::fs::lchown(path, Some(uid), Some(gid)).map_err(io_error("change the owner of", path))
            }
            None => Ok(()),
        }
    }

    /// True if this user may enter the folder, asked of the kernel by a process of that user.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        let mut command = self.command("/bin/sh");
        command.args(["-c", "cd -- \"$1\"", "sh"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

/// Runs a program to its end; its output is kept only for the error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let program = Path::new(command.get_program()).to_owned();
    let output = command.output().map_err(io_error("run", &program))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Error::Failed {
        program: program.display().to_string(),
        status: output.status.to_string(),
        output: last_lines(&String::from_utf8_lossy(&text), OUTPUT_LINES_MAX),
    })
}

/// The last lines of a text that are not empty, at most `count`.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_never_run_as_root() {
        let output = Identity::choose(None).command("id").arg("-u").output().unwrap();
        assert_ne!(String::from_utf8(output.stdout).unwrap().trim(), "0");
    }

    #[test]
    fn root_loses_its_groups_too() {
        let output = Identity::choose(None).command("id").arg("-G").output().unwrap();
        let groups = String::from_utf8(output.stdout).unwrap();
        assert!(!geteuid().is_root() || groups.split_whitespace().all(|group| group != "0"), "{groups}");
    }

    #[test]
    fn the_end_of_a_text_is_kept() {
        assert_eq!(last_lines("a\n\nb\nc\n", 2), "b\nc");
    }
}
