//! What this process was doing when it died, for whoever finds out: a small file that outlives it.
//!
//! Each thread marks in it whose activation or node it is running. The file is locked for as long as the process lives;
//! whoever gets the lock knows that it is dead. That of one that is silent and not dead is read as well. Without a
//! folder nothing is written, and a loss counts against all that was held.

mod dead;

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use capstan_engine::core::ids::ExecutionId;
use capstan_engine::store::workers::Registered;
use tracing::warn;
use uuid::Uuid;

pub(crate) use self::dead::Dead;
use self::dead::{read, told};

/// Threads that can leave a mark. Once there are more, nothing is known of any.
const THREADS_MAX: u64 = 1_024;
/// Bytes of the worker's number and time of registration, and of one mark.
const HEAD_BYTES: u64 = 16;
const MARK_BYTES: u64 = 16;
/// Files that one look reads at most.
const BOXES_MAX: usize = 64;
/// How long a file of another cell is passed by.
const PASSED_BY: Duration = Duration::from_secs(3_600);

/// Permission of others to write.
const OTHERS_WRITE: u32 = 0o022;

/// The mark of a thread that has no place for its own.
const UNKNOWN: Uuid = Uuid::max();

static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static THREAD: u64 = THREADS.fetch_add(1, Ordering::Relaxed);
    /// What the file says of this thread: nil if it runs none, but for the last of those that it ran together.
    static MARKED: Cell<Uuid> = const { Cell::new(Uuid::nil()) };
    /// Whether it is running an activation or a node.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Whether it goes from one to the next, so that what it has left need not be unmarked.
    static TOGETHER: Cell<bool> = const { Cell::new(false) };
}

/// The file of this process; none if it cannot be written.
#[derive(Debug)]
pub(crate) struct BlackBox(Option<Own>);

#[derive(Debug)]
struct Own {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    /// Files of other cells, and since when they are known as such.
    strange: Mutex<HashMap<PathBuf, Instant>>,
}

impl BlackBox {
    /// A fresh file in `folder`.
    pub(crate) fn open(folder: Option<&Path>) -> Self {
        let made = folder.map(|folder| (folder, create(folder)));
        Self(made.and_then(|(folder, made)| match made {
            Ok(own) => Some(own),
            Err(error) => {
                warn!(%error, folder = %folder.display(), "no black box: a loss will count against all that is held");
                None
            }
        }))
    }

    /// The files of dead processes beside this one's, some of them if there are many.
    pub(crate) fn dead(&self) -> Vec<Dead> {
        let Some(own) = &self.0 else { return Vec::new() };
        let mut strange = own.strange();
        strange.retain(|_, since| since.elapsed() < PASSED_BY);
        own.boxes().filter(|path| !strange.contains_key(path)).filter_map(read).take(BOXES_MAX).collect()
    }

    /// What processes of this machine that live and are silent are working on, as far as it is known: these are frozen,
    /// or cut off.
    pub(crate) fn silent(&self, lost: &[i32]) -> Vec<(Registered, Vec<ExecutionId>)> {
        let boxes = self.0.iter().flat_map(Own::boxes).filter_map(|path| told(&mut File::open(path).ok()?));
        let silent = boxes.filter(|(worker, _)| lost.contains(&worker.worker_no));
        silent.filter_map(|(worker, at_work)| Some((worker, at_work?))).take(BOXES_MAX).collect()
    }

    /// Passes a file by from now on: it is of another cell.
    pub(crate) fn pass_by(&self, dead: &Dead) {
        if let Some(own) = &self.0 {
            own.strange().insert(dead.path.clone(), Instant::now());
        }
    }

    /// Notes under which number this process works from now on.
    pub(crate) fn sign(&self, worker: Registered) {
        if let Some(Own { file, .. }) = &self.0 {
            let mut head = [0; HEAD_BYTES as usize];
            head[..8].copy_from_slice(&i64::from(worker.worker_no).to_le_bytes());
            head[8..].copy_from_slice(&worker.created_at.timestamp_micros().to_le_bytes());
            // Without it the loss counts against all.
            let _ = file.write_all_at(&head, 0);
        }
    }

    /// Calls `work` under the mark of an execution.
    pub(crate) fn during<T>(&self, id: ExecutionId, work: impl FnOnce() -> T) -> T {
        let (before, outer) = (MARKED.get(), INSIDE.replace(true));
        // Also when `work` panics.
        let _inside = Inside { black_box: self, outer: outer.then_some(before) };
        self.mark(id.0);
        work()
    }

    /// Awaits `work` under the mark of an execution, whenever it goes on.
    pub(crate) async fn around<T>(&self, id: ExecutionId, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| self.during(id, || work.as_mut().poll(context))).await
    }

    /// Awaits `work`, which goes from one activation to the next: a mark stays until another one takes its place, or
    /// all have paused. That is half of the writes.
    pub(crate) async fn together<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            TOGETHER.set(true);
            let _paused = Paused(self);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Marks what this thread runs.
    fn mark(&self, id: Uuid) {
        if MARKED.replace(id) == id {
            return;
        }
        let Some(Own { file, .. }) = &self.0 else { return };
        let marked = match THREAD.with(|thread| *thread) {
            thread @ ..THREADS_MAX => file.write_all_at(id.as_bytes(), HEAD_BYTES + MARK_BYTES * thread),
            _ => file.write_all_at(UNKNOWN.as_bytes(), HEAD_BYTES + MARK_BYTES * THREADS_MAX),
        };
        if marked.is_err() {
            // What it tells would be wrong. Without its head the loss counts against all.
            let _ = file.set_len(0);
        }
    }

    /// Removes the file of a process that ends well.
    pub(crate) fn discard(&self) {
        if let Some(Own { path, .. }) = &self.0 {
            // One that stays is removed after a day.
            let _ = fs::remove_file(path);
        }
    }
}

impl Own {
    fn boxes(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let paths = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "box"))
    }

    fn strange(&self) -> MutexGuard<'_, HashMap<PathBuf, Instant>> {
        self.strange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Restores the mark of what is around, if there is such.
struct Inside<'a> {
    black_box: &'a BlackBox,
    outer: Option<Uuid>,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        INSIDE.set(self.outer.is_some());
        if self.outer.is_some() || !TOGETHER.get() {
            self.black_box.mark(self.outer.unwrap_or_default());
        }
    }
}

/// Takes the last mark away.
struct Paused<'a>(&'a BlackBox);

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        TOGETHER.set(false);
        self.0.mark(Uuid::nil());
    }
}

fn create(folder: &Path) -> io::Result<Own> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(format!("{}.box", Uuid::now_v7()));
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    // Somebody may be looking whether it is dead, so its lock is waited for.
    if let Err(error) = is_own(folder, &file).and_then(|()| file.lock()) {
        fs::remove_file(&path)?;
        return Err(error);
    }
    Ok(Own { folder: folder.to_owned(), path, file, strange: Mutex::default() })
}

/// Whoever else can write there could have a living worker taken for dead.
fn is_own(folder: &Path, file: &File) -> io::Result<()> {
    let (around, own) = (folder.symlink_metadata()?, file.metadata()?);
    match around.is_dir() && around.uid() == own.uid() && around.mode() & OTHERS_WRITE == 0 {
        true => Ok(()),
        false => Err(io::Error::other("it is not a folder that only this user can write to; name one below it")),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures::FutureExt;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("capstan-boxes-{}", Uuid::now_v7()))
    }

    fn registered() -> Registered {
        let created_at = chrono::DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        Registered { worker_no: 7, created_at }
    }

    #[test]
    fn a_living_process_is_not_dead() {
        let folder = folder();
        let (one, other) = (BlackBox::open(Some(&folder)), BlackBox::open(Some(&folder)));
        one.sign(registered());
        assert!(other.dead().is_empty());
        one.discard();
        other.discard();
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn a_dead_process_tells_whose_node_it_was_running() {
        let folder = folder();
        let (one, other) = (BlackBox::open(Some(&folder)), BlackBox::open(Some(&folder)));
        one.sign(registered());
        let (outer, inner) = (ExecutionId::new(), ExecutionId::new());
        let Some(own) = &one.0 else { panic!("a file") };
        one.during(outer, || {
            one.during(inner, || {});
            // What the file holds when the process dies here.
            fs::copy(&own.path, folder.join("dead.box")).unwrap();
        });
        let told = || other.dead().into_iter().map(|dead| (dead.worker, dead.at_work)).collect::<Vec<_>>();
        assert_eq!(told(), [(registered(), Some(vec![outer]))]);
        drop(one);
        let idle = told().iter().filter(|(_, at_work)| at_work.as_ref().is_some_and(Vec::is_empty)).count();
        assert_eq!((idle, told().len()), (1, 2));
        for dead in other.dead() {
            dead.discard();
        }
        other.discard();
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn what_runs_together_is_marked_one_after_the_other_and_not_once_all_have_paused() {
        let folder = folder();
        let (one, other) = (BlackBox::open(Some(&folder)), BlackBox::open(Some(&folder)));
        one.sign(registered());
        let marked = || other.silent(&[7]).pop().unwrap().1;
        let (first, second) = (ExecutionId::new(), ExecutionId::new());
        let batch = one.together(async {
            one.during(first, || assert_eq!(marked(), [first]));
            assert_eq!(marked(), [first], "nothing runs here that could die");
            one.during(second, || {
                one.during(first, || assert_eq!(marked(), [first]));
                assert_eq!(marked(), [second]);
            });
        });
        batch.now_or_never().unwrap();
        assert_eq!(marked(), []);
        let fails = one.together(async { one.during(first, || panic!("as a node may")) });
        assert!(AssertUnwindSafe(fails).catch_unwind().now_or_never().unwrap().is_err());
        assert_eq!(marked(), []);
        one.during(second, || assert_eq!(marked(), [second]));
        assert_eq!(marked(), [], "it is as if nothing had failed");
        one.discard();
        other.discard();
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn a_silent_process_tells_what_it_is_working_on() {
        let folder = folder();
        let (one, other) = (BlackBox::open(Some(&folder)), BlackBox::open(Some(&folder)));
        one.sign(registered());
        let at_work = ExecutionId::new();
        one.during(at_work, || {
            assert_eq!(other.silent(&[6, 7]), [(registered(), vec![at_work])]);
            assert_eq!(other.silent(&[6]), []);
        });
        assert_eq!(other.silent(&[7]), [(registered(), vec![])]);
        one.discard();
        other.discard();
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn one_look_reads_a_bounded_number_of_files() {
        let folder = folder();
        let watcher = BlackBox::open(Some(&folder));
        for nth in 0..BOXES_MAX + 3 {
            fs::write(folder.join(format!("{nth}.box")), [0; HEAD_BYTES as usize]).unwrap();
        }
        let first = watcher.dead();
        assert_eq!(first.len(), BOXES_MAX);
        first.into_iter().for_each(Dead::discard);
        assert_eq!(watcher.dead().len(), 3);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_without_its_head_tells_nothing() {
        let folder = folder();
        let (watcher, one) = (BlackBox::open(Some(&folder)), BlackBox::open(Some(&folder)));
        one.sign(registered());
        let Some(own) = &one.0 else { panic!("a file") };
        own.file.set_len(0).unwrap();
        one.during(ExecutionId::new(), || {});
        drop(one);
        assert!(watcher.dead().iter().all(|dead| dead.worker != registered()));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_not_trusted() {
        let folder = folder();
        DirBuilder::new().create(&folder).unwrap();
        fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        assert!(BlackBox::open(Some(&folder)).0.is_none());
        fs::remove_dir(&folder).unwrap();
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let none = BlackBox::open(None);
        none.sign(registered());
        assert_eq!(none.during(ExecutionId::new(), || 7), 7);
    }
}
