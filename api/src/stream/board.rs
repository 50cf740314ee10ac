//! What is known of one cell, and to whom it is told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use capstan_domain::changes::{ChangeRow, Look, Position};
use capstan_engine::core::ids::WorkspaceId;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::news::{Batch, Tidings, Topic};
use super::seen::Seen;

/// Most batches that wait for one listener, about a minute of them; a slower one is dropped. All listeners of a workspace share
/// them: at most so many times [`capstan_domain::changes::EACH_MAX`] news of each topic, of some 300 bytes.
pub(super) const BATCHES_WAITING_MAX: usize = 64;
/// Most workspaces whose newest things one look reads; of more, those of the others come with the next looks. What the outbox and
/// events tell comes with each look.
const TURN_MAX: usize = 100;

/// A workspace that somebody listens to.
struct Feed {
    /// None before it was looked at.
    seen: Option<Seen>,
    batches: broadcast::Sender<Batch>,
}

/// A cell that somebody listens to.
#[derive(Default)]
pub(super) struct Board {
    feeds: HashMap<WorkspaceId, Feed>,
    /// How far the last look came.
    position: Option<Arc<Position>>,
    /// Where the next turn begins.
    turn: usize,
}

/// What the next look is to find out.
pub(super) struct Asked {
    pub(super) workspaces: Vec<WorkspaceId>,
    pub(super) turn: Vec<WorkspaceId>,
    pub(super) since: Option<Arc<Position>>,
}

impl Board {
    /// Batches of a workspace, and from where on they tell, if it was looked at.
    pub(super) fn subscribe(
        &mut self,
        workspace_id: WorkspaceId,
    ) -> (broadcast::Receiver<Batch>, Option<Arc<Position>>) {
        let new = || Feed { seen: None, batches: broadcast::Sender::new(BATCHES_WAITING_MAX) };
        let feed = self.feeds.entry(workspace_id).or_insert_with(new);
        let begun = if feed.seen.is_some() { self.position.clone() } else { None };
        (feed.batches.subscribe(), begun)
    }

    pub(super) fn position(&self) -> Option<Arc<Position>> {
        self.position.clone()
    }

    /// Forgets whom nobody listens to any more; nothing if that is all.
    pub(super) fn ask(&mut self) -> Option<Asked> {
        self.feeds.retain(|_, feed| feed.batches.receiver_count() > 0);
        if self.feeds.is_empty() {
            return None;
        }
        let mut workspaces: Vec<WorkspaceId> = self.feeds.keys().copied().collect();
        workspaces.sort_unstable();
        let is_new = |id: &WorkspaceId| self.feeds.get(id).is_some_and(|feed| feed.seen.is_none());
        let (mut turn, others): (Vec<WorkspaceId>, Vec<WorkspaceId>) = workspaces.iter().copied().partition(is_new);
        turn.truncate(TURN_MAX);
        let from = self.turn % others.len().max(1);
        let room = others.len().min(TURN_MAX - turn.len());
        turn.extend(others.iter().copied().cycle().skip(from).take(room));
        self.turn = from + room;
        Some(Asked { workspaces, turn, since: self.position.clone() })
    }

    /// Tells what a look has found. Who came since it was asked for is told by the next one, or by this one what was not lost yet.
    pub(super) fn tell(&mut self, asked: &Asked, look: Look) {
        let Look { position, is_full, is_foreign, rows } = look;
        let position = Arc::new(position);
        let mut by_workspace: HashMap<Uuid, Vec<ChangeRow>> = HashMap::new();
        for row in rows {
            if let Some(workspace_id) = row.workspace_id {
                by_workspace.entry(workspace_id).or_default().push(row);
            }
        }
        let turn: HashSet<WorkspaceId> = asked.turn.iter().copied().collect();
        for id in &asked.workspaces {
            let Some(feed) = self.feeds.get_mut(id) else { continue };
            let is_on_turn = turn.contains(id);
            if feed.seen.is_none() && !is_on_turn {
                continue;
            }
            let rows = by_workspace.remove(&id.0).unwrap_or_default();
            let mut tidings = Tidings::default();
            rows.iter().for_each(|row| tidings.tell_fact(row));
            if is_full {
                Topic::OF_FACTS.into_iter().for_each(|topic| tidings.tell_of_many(topic));
            }
            if is_on_turn {
                let now = Seen::of(&rows);
                if let Some(before) = &feed.seen {
                    now.tell_since(before, &rows, &mut tidings);
                }
                feed.seen = Some(now);
            }
            let news = tidings.into_news().into();
            // Whoever has left hears nothing.
            _ = feed.batches.send(Batch { position: Arc::clone(&position), news, is_reset: is_foreign });
        }
        self.position = Some(position);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn look(xid: u64, rows: Vec<ChangeRow>) -> Look {
        let at = DateTime::from_timestamp(i64::try_from(xid).unwrap(), 0).unwrap();
        let position = Position::of_snapshot(&format!("{xid}:{xid}:"), at).unwrap();
        Look { position, is_full: false, is_foreign: false, rows }
    }

    fn row(of: WorkspaceId, topic: &str, id: &str, status: &str) -> ChangeRow {
        ChangeRow {
            workspace_id: Some(of.0),
            topic: topic.into(),
            id: Some(id.into()),
            status: Some(status.into()),
            ..ChangeRow::default()
        }
    }

    fn told(batch: &Batch) -> Vec<&str> {
        batch.news.iter().map(|news| news.topic.name()).collect()
    }

    #[test]
    fn a_workspace_is_told_of_its_own_changes_since_it_was_first_looked_at() {
        let (ours, theirs) = (WorkspaceId::new(), WorkspaceId::new());
        let mut board = Board::default();
        let (mut heard, begun) = board.subscribe(ours);
        let (mut other, _) = board.subscribe(theirs);
        assert_eq!(begun, None);
        let asked = board.ask().unwrap();
        assert_eq!((asked.workspaces.len(), asked.turn.len(), asked.since.is_none()), (2, 2, true));
        board.tell(&asked, look(5, vec![row(ours, "newest", "a", "running")]));
        assert_eq!(told(&heard.try_recv().unwrap()), Vec::<&str>::new());
        // Who comes later is told from the last look on.
        let (mut late, begun) = board.subscribe(ours);
        assert_eq!(begun.map(|position| position.snapshot()), Some("5:5:".into()));
        let asked = board.ask().unwrap();
        assert_eq!(asked.since.as_ref().map(|since| since.snapshot()), Some("5:5:".into()));
        let rows =
            vec![row(ours, "newest", "a", "waiting"), row(ours, "lead", "l", "won"), row(theirs, "alert", "r", "")];
        board.tell(&asked, look(6, rows));
        for heard in [&mut heard, &mut late] {
            let batch = heard.try_recv().unwrap();
            assert_eq!((told(&batch), batch.position.snapshot()), (vec!["execution", "lead"], "6:6:".into()));
        }
        assert_eq!(told(&other.try_recv().unwrap()), Vec::<&str>::new());
        assert_eq!(told(&other.try_recv().unwrap()), ["alert"]);
        drop((heard, late, other));
        assert!(board.ask().is_none(), "nobody listens any more");
    }

    #[test]
    fn of_many_workspaces_all_come_to_their_turn_and_none_is_told_of_what_was_not_looked_at() {
        let mut board = Board::default();
        let ids: Vec<WorkspaceId> = (0..TURN_MAX + 50).map(|_| WorkspaceId::new()).collect();
        let mut heard: Vec<_> = ids.iter().map(|id| board.subscribe(*id).0).collect();
        let mut looked_at: HashMap<WorkspaceId, usize> = HashMap::new();
        for xid in 1..=6 {
            let asked = board.ask().unwrap();
            assert_eq!((asked.workspaces.len(), asked.turn.len()), (ids.len(), TURN_MAX));
            asked.turn.iter().for_each(|id| *looked_at.entry(*id).or_default() += 1);
            let rows = asked.turn.iter().map(|id| row(*id, "open", "a", "")).collect();
            board.tell(&asked, look(xid, rows));
        }
        assert!(ids.iter().all(|id| looked_at[id] >= 3), "{looked_at:?}");
        for heard in &mut heard {
            while let Ok(batch) = heard.try_recv() {
                assert_eq!(told(&batch), Vec::<&str>::new(), "an approval that stays open is no news");
            }
        }
    }

    #[test]
    fn what_is_more_than_a_look_reads_is_told_as_such() {
        let ours = WorkspaceId::new();
        let mut board = Board::default();
        let (mut heard, _) = board.subscribe(ours);
        for is_full in [false, true] {
            let asked = board.ask().unwrap();
            let rows = vec![row(ours, "execution", "e", "completed")];
            board.tell(&asked, Look { is_full, ..look(5, rows) });
        }
        assert_eq!(told(&heard.try_recv().unwrap()), ["execution"]);
        let batch = heard.try_recv().unwrap();
        assert_eq!(told(&batch), ["execution", "lead", "record", "alert"]);
        assert!(batch.news.iter().all(|news| news.data == r#"{"changed":"many","id":null}"#));
    }

    #[test]
    fn batches_that_a_slow_listener_has_not_taken_are_gone_and_it_learns_of_that() {
        let ours = WorkspaceId::new();
        let mut board = Board::default();
        let (mut slow, _) = board.subscribe(ours);
        for xid in 1..=BATCHES_WAITING_MAX as u64 + 1 {
            let asked = board.ask().unwrap();
            board.tell(&asked, look(xid, Vec::new()));
        }
        assert!(matches!(slow.try_recv(), Err(broadcast::error::TryRecvError::Lagged(_))));
    }
}
