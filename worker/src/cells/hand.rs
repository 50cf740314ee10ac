//! One cell that this process serves, from taking it up to letting go.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use capstan_domain::cells::CellError;
use capstan_engine::store::connect::{Place, Role};
use capstan_engine::store::due::next_due;
use capstan_engine::store::error::StoreError;
use capstan_node_types::registry::Registry;
use capstan_node_types::services::Services;
use sqlx::Connection;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use super::CellsSettings;
use crate::{Worker, WorkerSettings};

/// Longest that taking up a cell may take.
const START_MAX: Duration = Duration::from_secs(10);
/// Longest that the last question may take, a new connection included.
const ASK_MAX: Duration = Duration::from_secs(10);

/// Why a cell has no services.
pub type ServicesError = Box<dyn Error + Send + Sync>;
/// Makes the services of a cell at a place.
pub type ServicesOf = Arc<dyn Fn(&Place) -> Result<Arc<Services>, ServicesError> + Send + Sync>;

/// What the worker of a cell is made of.
#[derive(Clone)]
pub struct Outfit {
    /// The node types.
    pub registry: Arc<Registry>,
    /// Makes its services.
    pub services: ServicesOf,
    /// How large it is; its keys also open what leads to servers of cells.
    pub worker: WorkerSettings,
}

/// What all hands of a process share.
pub(super) struct Crew {
    pub(super) outfit: Outfit,
    pub(super) settings: CellsSettings,
    /// All cells are to be let go of.
    pub(super) stop: CancellationToken,
}

/// What `control` says of a cell that is served.
#[derive(Clone, Copy, Debug)]
pub(super) struct News {
    /// Rises with each announcement.
    pub(super) generation: i64,
    /// When another generation was seen here last.
    pub(super) changed_at: Instant,
    /// Others have come in this process's place.
    pub(super) is_lost: bool,
}

/// A cell that was let go of.
#[derive(Debug)]
pub(super) struct Parted {
    pub(super) cell_id: Uuid,
    /// The generation that was known when it was decided to let go.
    pub(super) generation: i64,
    pub(super) next: Next,
}

/// What the cell has to do next.
#[derive(Debug)]
pub(super) enum Next {
    /// In this time; none if nothing is planned.
    Due(Option<Duration>),
    /// Nobody knows: the cell could not be served, or does not answer any more.
    Unknown,
}

/// Serves a cell until nothing is left to do there, the process stops, or others have come in its place.
pub(super) async fn serve(
    crew: Arc<Crew>,
    cell_id: Uuid,
    place: Result<Place, CellError>,
    mut news: watch::Receiver<News>,
) -> Parted {
    let mut generation = news.borrow().generation;
    let next = match work(&crew, cell_id, place, &mut news, &mut generation).await {
        Ok(due_in) => Next::Due(due_in),
        Err(error) => {
            warn!(%error, %cell_id, "a dedicated cell cannot be served; it will be tried again");
            Next::Unknown
        }
    };
    Parted { cell_id, generation, next }
}

/// Works, lets go of everything, and then asks what comes next. `generation` is the one that was known before.
async fn work(
    crew: &Crew,
    cell_id: Uuid,
    place: Result<Place, CellError>,
    news: &mut watch::Receiver<News>,
    generation: &mut i64,
) -> Result<Option<Duration>, ServicesError> {
    let (place, outfit) = (place?, &crew.outfit);
    let services = (outfit.services)(&place)?;
    let start = Worker::start(place.clone(), Arc::clone(&outfit.registry), services, outfit.worker.clone());
    let worker = timeout(START_MAX, Box::pin(start)).await??;
    info!(%cell_id, "serving a dedicated cell");
    until_idle(crew, cell_id, &worker, news).await;
    *generation = news.borrow().generation;
    Box::pin(worker.drain()).await;
    let due_in = timeout(ASK_MAX, ask(&place)).await??;
    info!(%cell_id, due_in_s = due_in.map(|due_in| due_in.as_secs()), "let go of a dedicated cell");
    Ok(due_in)
}

/// Returns when the cell is to be let go of.
async fn until_idle(crew: &Crew, cell_id: Uuid, worker: &Worker, news: &mut watch::Receiver<News>) {
    let mut ask_at = Instant::now();
    loop {
        let seen = *news.borrow_and_update();
        if seen.is_lost {
            return;
        }
        tokio::select! {
            () = crew.stop.cancelled() => return,
            () = worker.broken() => return,
            changed = news.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            () = sleep_until(ask_at.max(seen.changed_at + crew.settings.stay)) => {}
        }
        ask_at = Instant::now() + crew.settings.ask_every;
        if worker.is_sending() {
            continue;
        }
        match crew.stop.run_until_cancelled(worker.next_due()).await {
            Some(Ok(Some(due_in))) if due_in <= crew.settings.soon => {}
            Some(Err(error)) => {
                warn!(%error, %cell_id, "a dedicated cell does not say what it has to do; asking again")
            }
            Some(Ok(_)) | None => return,
        }
    }
}

/// Over a connection of its own: those of the worker are closed.
async fn ask(place: &Place) -> Result<Option<Duration>, StoreError> {
    let mut connection = place.connect(Role::Worker).await?;
    let due_in = next_due(&mut connection).await?;
    connection.close().await?;
    Ok(due_in)
}
