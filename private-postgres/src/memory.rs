//! Whether a throw-away cluster may live in memory: files are made and removed there at no cost of a disk's.

use std::fs;
use std::path::{Path, PathBuf};

use crate::identity::Identity;

/// Where Linux keeps files in memory.
const SHARED_MEMORY: &str = "/dev/shm";
/// Room that has to be there for files: a cluster with its write-ahead log and the databases of tests under way.
const ROOM_BYTES_MIN: u64 = 4 << 30;
/// Memory that has to be free, of the machine and of a container: the files, and what compiles and runs beside them.
const MEMORY_BYTES_MIN: u64 = 8 << 30;

/// The folder for files in memory, if there is one with enough room that the server's user can enter.
pub(crate) fn folder(identity: &Identity) -> Option<PathBuf> {
    let folder = Path::new(SHARED_MEMORY);
    let has_memory =
        available()? >= MEMORY_BYTES_MIN && left_to_container().is_none_or(|left| left >= MEMORY_BYTES_MIN);
    let fits = has_memory && has_room(folder) && (!identity.is_other() || identity.can_enter(folder));
    fits.then(|| folder.to_owned())
}

#[cfg(target_os = "linux")]
fn has_room(folder: &Path) -> bool {
    use nix::sys::statfs::{TMPFS_MAGIC, statfs};
    statfs(folder).is_ok_and(|found| {
        let room = found.blocks_available().saturating_mul(u64::try_from(found.block_size()).unwrap_or(0));
        found.filesystem_type() == TMPFS_MAGIC && room >= ROOM_BYTES_MIN
    })
}

/// No such place is known elsewhere.
#[cfg(not(target_os = "linux"))]
fn has_room(_folder: &Path) -> bool {
    false
}

/// What the kernel says could be taken without swapping; none where it does not say.
fn available() -> Option<u64> {
    parse_available(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// What the limit of this container leaves; none without a limit.
fn left_to_container() -> Option<u64> {
    let read = |name| fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok()?.trim().parse::<u64>().ok();
    Some(read("memory.max")?.saturating_sub(read("memory.current")?))
}

fn parse_available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_word_is_read() {
        assert_eq!(parse_available("MemTotal:  24684104 kB\nMemAvailable:   22000 kB\n"), Some(22_000 * 1024));
        assert_eq!(parse_available("MemTotal:  24684104 kB\n"), None);
    }

    #[test]
    fn a_disk_is_no_memory() {
        assert!(!has_room(Path::new("/")));
    }
}
