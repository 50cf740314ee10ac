//! The command line: one variant per command, each with its own file.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::LogArgs;
use crate::{
    admin, archive, bench, dev, doctor, duties, exec, execution, explain, key, maintain, migrate, plan, provision,
    retention, secrets, serve, stats, test, user, validate, worker, workflow, workspace,
};

/// A durable workflow execution engine with a worker fleet, on PostgreSQL.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    /// Print for programs: one JSON object a line, the result last.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// The process that started this one: with its end this one drains, too.
    #[arg(long, global = true, hide = true, env = "CAPSTAN_PARENT", value_name = "PID")]
    pub(crate) parent: Option<i32>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything in this process, with a private PostgreSQL, and run the example.
    Dev(Box<dev::DevArgs>),
    /// Check a workflow file and list everything that is wrong with it.
    Validate(validate::ValidateArgs),
    /// Run the cases that are kept beside workflow files, without a database and without any effect.
    Test(test::TestArgs),
    /// Run a workflow file once and print the tree of its steps.
    Exec(Box<exec::ExecArgs>),
    /// Serve API, forms and hooks; executes nothing.
    Serve(Box<serve::ServeArgs>),
    /// Execute; serves nothing. Start as many as you like.
    Worker(Box<worker::WorkerArgs>),
    /// Make the databases of dedicated workspaces, with a login that may; serves and executes nothing.
    Provision(provision::ProvisionArgs),
    /// Bring the database to the newest schema.
    Migrate(migrate::MigrateArgs),
    /// Look at settings, database and fleet, and say what to do about what is wrong. Changes nothing.
    Doctor(Box<doctor::DoctorArgs>),
    /// Say which duties of upkeep there are, who is at them, and what came of them last, in all cells that are awake.
    Duties(duties::DutiesArgs),
    /// For how long history is kept.
    #[command(subcommand)]
    Retention(retention::RetentionCommand),
    /// Months of history that were archived.
    #[command(subcommand)]
    Archive(archive::ArchiveCommand),
    /// Vacuum once a week, and build bloated indexes anew once a month: to be run each day in a quiet hour.
    Maintain(maintain::MaintainArgs),
    /// Measure this engine against the raw limit of the database.
    Bench(Box<bench::BenchArgs>),
    /// Say what an execution waits for.
    Explain(explain::ExplainArgs),
    /// Look at executions, cancel and restart them.
    #[command(subcommand)]
    Execution(execution::ExecutionCommand),
    /// Write workflows as files, and have files become workflows.
    #[command(subcommand)]
    Workflow(workflow::WorkflowCommand),
    /// Make workspaces.
    #[command(subcommand)]
    Workspace(workspace::WorkspaceCommand),
    /// Plans of workspaces, and the limits that they set.
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// What workspaces did, day by day.
    #[command(subcommand)]
    Stats(stats::StatsCommand),
    /// Make API keys.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Users.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Administrators of the platform, who belong to no workspace.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// See on which keys stored secrets hang, and change the keys.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
}

impl Command {
    /// Whether people watch it, so that logs would be in the way.
    pub(crate) fn is_for_people(&self) -> bool {
        !matches!(self, Self::Serve(_) | Self::Worker(_) | Self::Provision(_))
    }

    /// Whether it serves or executes, so that spans of it are of use.
    pub(crate) fn is_traced(&self) -> bool {
        matches!(self, Self::Serve(_) | Self::Worker(_) | Self::Dev(_))
    }
}

impl Cli {
    /// Runs the command; its exit code is 0 only on success.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let json = self.json;
        match self.command {
            Command::Dev(args) => Box::pin(dev::run(*args, json)).await,
            Command::Validate(args) => validate::run(&args, json),
            Command::Test(args) => test::run(&args, json),
            Command::Exec(args) => Box::pin(exec::run(*args, json)).await,
            Command::Serve(args) => Box::pin(serve::run(*args, json)).await,
            Command::Worker(args) => Box::pin(worker::run(*args, json)).await,
            Command::Provision(args) => Box::pin(provision::run(&args, json)).await,
            Command::Migrate(args) => migrate::run(&args, json).await,
            Command::Doctor(args) => Box::pin(doctor::run(&args, json)).await,
            Command::Bench(args) => Box::pin(bench::run(*args, json)).await,
            Command::Explain(args) => explain::run(&args, json).await,
            Command::Execution(command) => execution::run(&command, json).await,
            Command::Workflow(command) => workflow::run(&command, json).await,
            Command::Workspace(command) => workspace::run(&command, json).await,
            Command::Plan(command) => plan::run(&command, json).await,
            Command::Maintain(args) => maintain::run(&args, json).await,
            Command::Duties(args) => duties::run(&args, json).await,
            Command::Retention(command) => retention::run(&command, json).await,
            Command::Archive(command) => Box::pin(archive::run(&command, json)).await,
            Command::Stats(command) => stats::run(&command, json).await,
            Command::Key(command) => key::run(&command, json).await,
            Command::User(command) => user::run(&command, json).await,
            Command::Admin(command) => admin::run(&command, json).await,
            Command::Secrets(command) => secrets::run(&command, json).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
