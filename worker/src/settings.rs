//! How large a worker is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::secrets::KeyRing;

/// Size and manners of one worker.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// What operators see in the `workers` table.
    pub name: String,
    /// Executions that are active in this process at a time; also the room of the claimer.
    pub slots: usize,
    /// Connections that write group commits, 1 to 16. An execution always uses the same one.
    pub committers: usize,
    /// Attempts with effects that run at a time, over all executions of the process.
    pub effects: usize,
    /// How long a drain waits for running attempts before it gives their executions back.
    pub drain_timeout: Duration,
    /// Folder on this machine in which its processes note whose nodes they run, so that what kills one of them can be
    /// told from what only shared a process with it. Without one a loss counts against all that was held.
    pub black_boxes: Option<PathBuf>,
    /// Keys of stored secrets; without any, none opens.
    pub keys: Arc<KeyRing>,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
    /// How the database is kept up.
    pub upkeep: UpkeepSettings,
}

/// How the database is kept up.
#[derive(Clone, Debug)]
pub struct UpkeepSettings {
    /// Time between two looks whether a duty is due.
    pub look_every: Duration,
    /// A command line that takes a table of a month as lines of JSON on its input, before it is dropped; it took all if it exits with 0.
    pub archive_command: Option<String>,
    /// Longest that one run of it may take.
    pub archive_max: Duration,
}

impl Default for UpkeepSettings {
    fn default() -> Self {
        Self { look_every: Duration::from_secs(60), archive_command: None, archive_max: Duration::from_secs(6 * 3_600) }
    }
}

/// How webhooks are sent.
#[derive(Clone, Copy, Debug)]
pub struct WebhookSettings {
    /// Longest time that an endpoint may take to answer.
    pub timeout: Duration,
    /// How long one process begins attempts for an endpoint before others may have their turn.
    pub turn: Duration,
    /// How long an endpoint is one process's at most; longer than a turn and the attempts that it began, so that two attempts of
    /// a delivery overlap only if a process was stopped in between. That of a worker that was fenced ends once what it began is over.
    pub lease: Duration,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(15), turn: Duration::from_secs(10), lease: Duration::from_secs(60) }
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            name: format!("pid-{}", std::process::id()),
            slots: 1_024,
            committers: 2,
            effects: 2_048,
            drain_timeout: Duration::from_secs(20),
            black_boxes: None,
            keys: Arc::default(),
            webhooks: WebhookSettings::default(),
            upkeep: UpkeepSettings::default(),
        }
    }
}
