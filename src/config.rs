//! Settings, from flags and environment. `.env.example` lists each variable.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use capstan_api::RateLimits;
use capstan_node_types::registry::Registry;
use capstan_worker::{CellsSettings, UpkeepSettings, WorkerSettings};
use clap::{Args, ValueEnum};

use crate::output::hidden;

/// Most executions that one worker may have active at a time.
const SLOTS_MAX: u64 = 100_000;
/// Most dedicated cells that one worker may serve at a time.
const CELLS_MAX: u64 = 1_000;

/// Which database.
#[derive(Args, Clone)]
pub(crate) struct DatabaseArgs {
    /// PostgreSQL 15 or later, as postgres://user:password@host/database. Where unset, `dev` and `exec` start one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, help_heading = "Database")]
    pub(crate) database_url: Option<String>,
    /// Folder of private clusters and of what `dev` and `exec` remember; below your data folder if unset.
    #[arg(long, env = "CAPSTAN_DATA_DIR", global = true, help_heading = "Database")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Schema of workspaces and keys.
    #[arg(long, env = "CAPSTAN_CONTROL_SCHEMA", default_value = "control", value_parser = schema_name, global = true, help_heading = "Database")]
    pub(crate) control_schema: String,
    /// Schema of the cell that this process works for.
    #[arg(long, env = "CAPSTAN_CELL_SCHEMA", default_value = "cell_1", value_parser = schema_name, global = true, help_heading = "Database")]
    pub(crate) cell_schema: String,
    /// Use a server that may lose acknowledged work in a crash (fsync and the like switched off).
    #[arg(long, global = true, help_heading = "Database")]
    pub(crate) allow_unsafe_database: bool,
}

/// Without the password in it.
impl fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseArgs")
            .field("database_url", &hidden(self.database_url.as_ref()))
            .finish_non_exhaustive()
    }
}

impl DatabaseArgs {
    /// The URL, unless it is unset or empty.
    pub(crate) fn url(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// The data folder, unless it is unset or empty.
    pub(crate) fn folder(&self) -> Option<&PathBuf> {
        self.data_dir.as_ref().filter(|folder| !folder.as_os_str().is_empty())
    }
}

/// What may be reached beyond public addresses. The API has to know it too, for the addresses of webhooks.
#[derive(Args, Clone, Debug)]
pub(crate) struct AllowArgs {
    /// Private destinations that workflows and webhooks may reach: `host:port` or networks such as `10.1.0.0/16`, with commas.
    #[arg(long, env = "CAPSTAN_ALLOW_PRIVATE", value_delimiter = ',', help_heading = "Services")]
    allow_private: Vec<String>,
}

impl AllowArgs {
    /// The allow-list without empty entries.
    pub(crate) fn allowed(&self) -> Vec<String> {
        self.allow_private.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
    }
}

/// What nodes may reach.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServiceArgs {
    #[command(flatten)]
    allow: AllowArgs,
    #[command(flatten)]
    pub(crate) mail_server: MailServerArgs,
}

/// Where mail goes. The API has to know it too: without a server it shows the sandbox mailbox.
#[derive(Args, Clone)]
pub(crate) struct MailServerArgs {
    /// Mail server, such as `smtp://user:password@host:587?tls=required`; a sandbox mailbox if unset.
    #[arg(long, env = "CAPSTAN_SMTP_URL", hide_env_values = true, help_heading = "Services")]
    smtp_url: Option<String>,
    /// Sender of mails that name none.
    #[arg(long, env = "CAPSTAN_MAIL_FROM", default_value = "Capstan <capstan@example.com>", help_heading = "Services")]
    pub(crate) mail_from: String,
    /// Where people reach the API, for links in mails; the address of `dev`, else http://127.0.0.1:7400, if unset.
    #[arg(long, env = "CAPSTAN_PUBLIC_URL", help_heading = "Services")]
    public_url: Option<String>,
}

/// Who may come in.
#[derive(Args, Clone, Debug)]
pub(crate) struct AccountArgs {
    /// Anybody with an e-mail address may sign up and gets a workspace.
    #[arg(long, env = "CAPSTAN_SIGN_UP", help_heading = "Accounts")]
    pub(crate) sign_up: bool,
    /// Plan of the workspaces of those who sign up.
    #[arg(long, env = "CAPSTAN_DEFAULT_PLAN", default_value = "unlimited", help_heading = "Accounts")]
    pub(crate) default_plan: String,
    /// Proxies whose `X-Forwarded-For` counts, as networks such as `10.1.0.0/16`, with commas.
    #[arg(long, env = "CAPSTAN_TRUSTED_PROXIES", value_delimiter = ',', help_heading = "Accounts")]
    trusted_proxies: Vec<String>,
    /// A file that says through which OpenID providers people may log in.
    #[arg(long, env = "CAPSTAN_LOGIN_PROVIDERS_FILE", help_heading = "Accounts")]
    pub(crate) login_providers_file: Option<PathBuf>,
    /// A file that says how Google knows Capstan, so that accounts can be connected that mail is sent as.
    #[arg(long, env = "CAPSTAN_GMAIL_CLIENT_FILE", help_heading = "Accounts")]
    pub(crate) gmail_client_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) rates: RateArgs,
}

/// How many requests one may send within a minute, for all processes together.
#[derive(Args, Clone, Debug)]
pub(crate) struct RateArgs {
    /// Requests within a minute of one key, or of one person.
    #[arg(long, env = "CAPSTAN_CALLER_REQUESTS_MAX", default_value_t = RateLimits::CALLER, value_parser = requests(),
        help_heading = "Limits")]
    caller_requests_max: i32,
    /// Requests within a minute of all who act in one workspace.
    #[arg(long, env = "CAPSTAN_WORKSPACE_REQUESTS_MAX", default_value_t = RateLimits::WORKSPACE, value_parser = requests(),
        help_heading = "Limits")]
    workspace_requests_max: i32,
    /// Requests within a minute from one address: forms, leads, bookings, logging in and the like.
    #[arg(long, env = "CAPSTAN_ADDRESS_REQUESTS_MAX", default_value_t = RateLimits::ADDRESS, value_parser = requests(),
        help_heading = "Limits")]
    address_requests_max: i32,
}

fn requests() -> clap::builder::RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(1..=1_000_000_000)
}

impl RateArgs {
    pub(crate) fn limits(&self) -> RateLimits {
        let Self { caller_requests_max: caller, workspace_requests_max: workspace, address_requests_max: address } =
            *self;
        RateLimits { caller, workspace, address }
    }
}

impl AccountArgs {
    /// The networks, without empty entries.
    pub(crate) fn proxies(&self) -> anyhow::Result<Vec<ipnet::IpNet>> {
        let entries = self.trusted_proxies.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
        let network =
            |entry: &str| entry.parse::<ipnet::IpNet>().or_else(|_| entry.parse::<std::net::IpAddr>().map(Into::into));
        entries
            .map(|entry| {
                network(entry).map_err(|_| {
                    anyhow::anyhow!("CAPSTAN_TRUSTED_PROXIES: {entry:?} is no network: write it as 10.1.0.0/16")
                })
            })
            .collect()
    }
}

/// Without the password in it.
impl fmt::Debug for MailServerArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailServerArgs").field("smtp_url", &hidden(self.smtp_url.as_ref())).finish_non_exhaustive()
    }
}

impl MailServerArgs {
    /// The mail server, unless it is unset or empty.
    pub(crate) fn smtp(&self) -> Option<&str> {
        self.smtp_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// Where people reach the API, unless it is unset or empty.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public_url.as_deref().map(str::trim).filter(|url| !url.is_empty())
    }
}

impl ServiceArgs {
    /// See [`MailServerArgs::smtp`].
    pub(crate) fn smtp(&self) -> Option<&str> {
        self.mail_server.smtp()
    }

    /// Where people reach the API, unless it is unset or empty.
    pub(crate) fn public_url(&self) -> Option<&str> {
        self.mail_server.public_url()
    }

    /// See [`AllowArgs::allowed`].
    pub(crate) fn allowed(&self) -> Vec<String> {
        self.allow.allowed()
    }
}

/// Which node types there are.
#[derive(Args, Clone, Debug)]
pub(crate) struct NodeTypeArgs {
    /// Know the node `debug.crash`, which ends the process of its worker: for trials, never where others may publish.
    #[arg(long, env = "CAPSTAN_ALLOW_CRASH", help_heading = "Node types")]
    allow_crash: bool,
}

impl NodeTypeArgs {
    /// Whether whoever publishes may end workers.
    pub(crate) fn allows_crash(&self) -> bool {
        self.allow_crash
    }

    /// The node types that processes with these settings know.
    pub(crate) fn registry(&self) -> Registry {
        let registry = Registry::standard();
        if self.allow_crash { registry.with_crash() } else { registry }
    }
}

/// How large the worker is.
#[derive(Args, Clone, Debug)]
pub(crate) struct FleetArgs {
    /// Executions that are active in this process at a time.
    #[arg(long, env = "CAPSTAN_SLOTS", default_value_t = 1_024, value_parser = clap::value_parser!(u64).range(1..=SLOTS_MAX), help_heading = "Worker")]
    pub(crate) slots: u64,
    /// Folder, on this machine and kept across restarts, in which workers note whose nodes they run; below the folder
    /// for temporary files if unset.
    #[arg(long, env = "CAPSTAN_BLACK_BOXES", help_heading = "Worker")]
    pub(crate) black_boxes: Option<PathBuf>,
    /// Command line that takes a month of history as lines of JSON before it is dropped, where `capstan retention` says so.
    #[arg(long, env = "CAPSTAN_ARCHIVE_COMMAND", help_heading = "Worker")]
    archive_command: Option<String>,
    /// Dedicated cells that this process serves at a time, each over connections of its own; none with 0.
    #[arg(long, env = "CAPSTAN_CELLS_MAX", default_value_t = 32, value_parser = clap::value_parser!(u64).range(0..=CELLS_MAX), help_heading = "Worker")]
    cells_max: u64,
    /// Processes that serve one dedicated cell at a time, where they have room: a second one takes over at once if the first is killed.
    #[arg(long, env = "CAPSTAN_CELL_HANDS", default_value_t = 2, value_parser = clap::value_parser!(i32).range(1..=64), help_heading = "Worker")]
    cell_hands: i32,
    /// Executions that are active in this process at a time in one dedicated cell.
    #[arg(long, env = "CAPSTAN_CELL_SLOTS", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=SLOTS_MAX), help_heading = "Worker")]
    cell_slots: u64,
}

/// A folder of this user's.
fn black_boxes() -> PathBuf {
    std::env::temp_dir().join(format!("capstan-black-boxes-{}", nix::unistd::geteuid()))
}

impl FleetArgs {
    /// Settings of the worker.
    pub(crate) fn settings(&self) -> WorkerSettings {
        let slots = usize::try_from(self.slots).unwrap_or(usize::MAX);
        let black_boxes = Some(self.black_boxes.clone().unwrap_or_else(black_boxes));
        let upkeep = UpkeepSettings { archive_command: self.archive_command.clone(), ..UpkeepSettings::default() };
        WorkerSettings { slots, black_boxes, upkeep, ..WorkerSettings::default() }
    }

    /// Settings of the worker of a dedicated cell.
    pub(crate) fn cell_settings(&self) -> WorkerSettings {
        let slots = usize::try_from(self.cell_slots).unwrap_or(usize::MAX);
        WorkerSettings { slots, committers: 1, effects: slots.saturating_mul(2), ..self.settings() }
    }

    /// How many dedicated cells are served.
    pub(crate) fn cells(&self) -> CellsSettings {
        let cells_max = usize::try_from(self.cells_max).unwrap_or(usize::MAX);
        CellsSettings { cells_max, hands_max: self.cell_hands, ..CellsSettings::default() }
    }
}

/// Where to serve.
#[derive(Args, Clone, Debug)]
pub(crate) struct ListenArgs {
    /// Address and port to serve on; port 0 takes a free one.
    #[arg(long, env = "CAPSTAN_LISTEN", default_value = "127.0.0.1:7400", help_heading = "API")]
    pub(crate) listen: SocketAddr,
}

/// Where a worker tells its metrics.
#[derive(Args, Clone, Debug)]
pub(crate) struct MetricsArgs {
    /// Address and port on which this worker answers `GET /metrics`; it listens nowhere if unset.
    #[arg(long, env = "CAPSTAN_METRICS_LISTEN", help_heading = "Worker")]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// What to log, on standard error.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogArgs {
    /// Filter such as `capstan=debug`; `capstan=info` for serve and worker, warnings for the rest if unset.
    #[arg(long = "log", env = "CAPSTAN_LOG", global = true, help_heading = "Log")]
    pub(crate) filter: Option<String>,
    /// How log lines look.
    #[arg(
        long = "log-format",
        env = "CAPSTAN_LOG_FORMAT",
        default_value = "text",
        global = true,
        help_heading = "Log"
    )]
    pub(crate) format: LogFormat,
}

/// Forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// A schema name that needs no quotes, as the cell map takes it.
fn schema_name(text: &str) -> Result<String, String> {
    let good = text.len() <= 41
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    good.then(|| text.to_owned())
        .ok_or_else(|| "a schema name is a lower-case letter, then at most 40 of a-z, 0-9, _".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_names_need_no_quotes() {
        for (name, good) in [("cell_1", true), ("", false), ("1a", false), ("a\"b", false), ("Cell", false)] {
            assert_eq!(schema_name(name).is_ok(), good, "{name}");
        }
    }
}
