//! What a runner takes from itself before it sees any code. Each is one wall; the engine inside is another.

use std::fs;

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd;

use super::protocol::Limits;

/// Files that stay open: the two pipes, and what standard error leads to, which is nothing.
const FILES_MAX: u64 = 3;
/// What a process needs beside the heap of the code.
#[cfg(target_os = "linux")]
const BESIDE_BYTES: u64 = 64 * 1024 * 1024;
/// Seconds of the processor beyond the time of the code.
const CPU_SECONDS_MORE: u64 = 2;

/// Confines this process, which has one thread, for good. Answers what could not be done, in words.
///
/// # Errors
/// A wall without which no code may run is not to be had on this Linux, in words.
pub(super) fn confine(limits: &Limits) -> Result<Vec<String>, String> {
    let mut missing = Vec::new();
    let mut note = |what: &str, done: Result<(), String>| {
        if let Err(error) = done {
            missing.push(format!("{what}: {error}"));
        }
    };
    close_inherited();
    note("a folder without meaning", text(unistd::chdir("/")));
    #[cfg(target_os = "linux")]
    linux::limit_memory(limits.memory_bytes).map_err(|error| format!("a limit of memory: {error}"))?;
    let seconds = limits.timeout_ms.div_ceil(1_000) + CPU_SECONDS_MORE;
    // The hard limit kills like somebody from outside: the soft one, which says why, comes before.
    note("a limit of processor time", text(setrlimit(Resource::RLIMIT_CPU, seconds, seconds + 1)));
    for (what, resource, most) in [
        ("no core dumps", Resource::RLIMIT_CORE, 0),
        ("no written files", Resource::RLIMIT_FSIZE, 0),
        ("no further processes", Resource::RLIMIT_NPROC, 0),
        ("no opened files", Resource::RLIMIT_NOFILE, FILES_MAX),
    ] {
        note(what, text(setrlimit(resource, most, most)));
    }
    note("another user", become_nobody());
    #[cfg(target_os = "linux")]
    {
        note("its end with the worker's", linux::end_with_worker());
        linux::lock()?;
    }
    Ok(missing)
}

/// Files that whoever started the worker has left open for its children.
fn close_inherited() {
    let listed = ["/proc/self/fd", "/dev/fd"].iter().find_map(|folder| fs::read_dir(folder).ok());
    let names = listed.into_iter().flatten().flatten().map(|entry| entry.file_name());
    let open: Vec<i32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    for file in open.into_iter().filter(|file| u64::try_from(*file).is_ok_and(|file| file >= FILES_MAX)) {
        // That of the list itself is closed already.
        let _ = unistd::close(file);
    }
}

/// As root only: nobody else may.
fn become_nobody() -> Result<(), String> {
    const NOBODY: u32 = 65_534;
    if !unistd::geteuid().is_root() {
        return Ok(());
    }
    #[cfg(target_os = "linux")]
    text(unistd::setgroups(&[]))?;
    text(unistd::setgid(unistd::Gid::from_raw(NOBODY)))?;
    text(unistd::setuid(unistd::Uid::from_raw(NOBODY)))
}

fn text<T, E: ToString>(done: Result<T, E>) -> Result<(), String> {
    done.map(drop).map_err(|error| error.to_string())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;
    use std::fs;

    use nix::sys::prctl;
    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::Signal;
    use seccompiler::SeccompCmpArgLen::Dword;
    use seccompiler::SeccompCmpOp::MaskedEq;
    use seccompiler::{BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule};

    use super::super::PROCESS_NAME;
    use super::{BESIDE_BYTES, text};

    /// The system calls of a process that computes, reads and writes what is open, and ends.
    const CALLS: [i64; 19] = [
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_sched_yield,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    /// These as well, for memory that is not executable.
    const CALLS_FOR_MEMORY: [i64; 2] = [libc::SYS_mmap, libc::SYS_mprotect];
    /// Which argument of them says what the memory is for.
    const PROTECTION: u8 = 2;

    /// What the process has now, what the code may have, and some more.
    pub(super) fn limit_memory(memory_bytes: u64) -> Result<(), String> {
        let pages = fs::read_to_string("/proc/self/statm").map_err(|error| error.to_string())?;
        let pages: u64 = pages.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or_default();
        let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().unwrap_or(4_096);
        let most = pages * page.unsigned_abs() + memory_bytes + BESIDE_BYTES;
        // The system that is short of memory takes this process first.
        let _ = fs::write("/proc/self/oom_score_adj", "1000");
        text(setrlimit(Resource::RLIMIT_AS, most, most))
    }

    pub(super) fn end_with_worker() -> Result<(), String> {
        // How tools call it matters to no run.
        let _ = prctl::set_name(PROCESS_NAME);
        text(prctl::set_pdeathsig(Signal::SIGKILL))
    }

    /// Gains no rights, and asks the system for next to nothing from here on.
    pub(super) fn lock() -> Result<(), String> {
        text(prctl::set_no_new_privs()).map_err(|error| format!("no new privileges: {error}"))?;
        let filtered = filter().and_then(|filter| text(seccompiler::apply_filter(&filter)));
        filtered.map_err(|error| format!("a filter of system calls: {error}"))
    }

    /// Everything else is refused: files, network, processes, signals.
    fn filter() -> Result<BpfProgram, String> {
        let why = |error: seccompiler::BackendError| error.to_string();
        let executable = libc::PROT_EXEC.unsigned_abs().into();
        let harmless = SeccompCondition::new(PROTECTION, Dword, MaskedEq(executable), 0).map_err(why)?;
        let harmless = SeccompRule::new(vec![harmless]).map_err(why)?;
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = CALLS.iter().map(|&call| (call, Vec::new())).collect();
        rules.extend(CALLS_FOR_MEMORY.map(|call| (call, vec![harmless.clone()])));
        let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        let arch = std::env::consts::ARCH.try_into().map_err(why)?;
        SeccompFilter::new(rules, refused, SeccompAction::Allow, arch).and_then(TryInto::try_into).map_err(why)
    }
}
