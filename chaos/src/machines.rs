//! The machines on which workers seem to be: workers of one know from each other's files what a dead one was doing,
//! those of others only that its session is gone.

use std::fs;
use std::path::PathBuf;

use crate::remains::{Folder, own_folder};

/// How the names of its folders begin.
const FOLDER: &str = "capstan-chaos-boxes-";
/// The variable that names a worker's machine.
const VARIABLE: &str = "CAPSTAN_BLACK_BOXES";
/// Slots that share machines, two each; the others have one each.
const SHARING: usize = 4;

/// A folder for each machine; all go when this is dropped.
#[derive(Debug)]
pub(crate) struct Machines {
    folder: Folder,
}

impl Machines {
    /// As many as so many slots need.
    pub(crate) fn of(slots: usize) -> anyhow::Result<Self> {
        let machines = Self { folder: own_folder(FOLDER)? };
        for slot in 0..slots {
            fs::create_dir_all(machines.path(slot))?;
        }
        Ok(machines)
    }

    /// What the worker of a slot has in its environment.
    pub(crate) fn env(&self, slot: usize) -> (&'static str, String) {
        (VARIABLE, self.path(slot).display().to_string())
    }

    fn path(&self, slot: usize) -> PathBuf {
        self.folder.path().join(format!("machine-{}", machine(slot)))
    }
}

fn machine(slot: usize) -> usize {
    if slot < SHARING { slot / 2 } else { slot - SHARING / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slots_share_machines_and_the_others_do_not() {
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(machine), [0, 0, 1, 1, 2, 3, 4]);
        let machines = Machines::of(6).unwrap();
        assert_eq!(fs::read_dir(machines.folder.path()).unwrap().count(), 4);
    }
}
