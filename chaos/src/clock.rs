//! Processes whose wall clock is wrong: a small library that is loaded into them, built when a run begins.

use std::path::PathBuf;
use std::process::Command;

use crate::remains::{Folder, own_folder};

const SOURCE: &str = include_str!("clock.c");
/// How the names of its folders begin.
const FOLDER: &str = "capstan-chaos-clock-";
/// The variable that the library reads.
const OFF: &str = "CHAOS_CLOCK_OFF_S";

/// The library; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct WrongClock {
    library: PathBuf,
    _folder: Folder,
}

impl WrongClock {
    pub(crate) fn build() -> anyhow::Result<Self> {
        let folder = own_folder(FOLDER)?;
        let (source, library) = (folder.path().join("clock.c"), folder.path().join("clock.so"));
        std::fs::write(&source, SOURCE)?;
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let output = cc.output()?;
        anyhow::ensure!(output.status.success(), "cc failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(Self { library, _folder: folder })
    }

    /// What a process has in its environment whose clock is so many seconds ahead.
    pub(crate) fn env(&self, off_s: i64) -> Vec<(&'static str, String)> {
        vec![("LD_PRELOAD", self.library.display().to_string()), (OFF, off_s.to_string())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(env: &[(&str, String)]) -> i64 {
        let mut date = Command::new("date");
        date.arg("+%s").envs(env.iter().map(|(name, value)| (name, value)));
        String::from_utf8(date.output().unwrap().stdout).unwrap().trim().parse().unwrap()
    }

    #[test]
    fn a_process_that_loads_it_has_a_wrong_clock() {
        // Where there is no compiler a run goes without it, and says so.
        if crate::means::Means::of_this_machine().no_clock.is_some() {
            return;
        }
        let clock = WrongClock::build().unwrap();
        for off_s in [3_600, -3_600, 0] {
            let ahead_s = seconds(&clock.env(off_s)) - seconds(&[]);
            assert!((off_s - 30..=off_s + 30).contains(&ahead_s), "{ahead_s} s ahead, not {off_s}");
        }
    }
}
