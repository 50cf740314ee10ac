//! SIGINT and SIGTERM: the first asks for an orderly end, the second ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit code of a process that was told twice to end, or whose work was given up because it was told to.
pub(crate) const INTERRUPTED: u8 = 130;

/// A token that the first signal cancels.
pub(crate) fn token() -> anyhow::Result<CancellationToken> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let token = CancellationToken::new();
    let told = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = interrupt.recv() => {} _ = terminate.recv() => {} }
            if told.is_cancelled() {
                // The guard of the private PostgreSQL stops it; executions go on from their last settled step.
                std::process::exit(INTERRUPTED.into());
            }
            told.cancel();
        }
    });
    Ok(token)
}
