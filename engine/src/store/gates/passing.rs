//! One passing of the gates of a workspace: what is read under its lock, judged, and written.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::{Entered, Entering, LOOK_MAX, Passed};
use crate::core::gate::{Front, Gate, Judging, Waiting};
use crate::core::ids::{ExecutionId, WorkspaceId};
use crate::store::error::StoreError;

/// One at the front of a line.
#[derive(FromRow)]
struct InLine {
    at: String,
    execution_id: Uuid,
    vt: i64,
    gates: Vec<String>,
    key_max: Option<i32>,
    created_at: DateTime<Utc>,
    is_over: Option<bool>,
}

/// An execution that would enter, as the database has it.
#[derive(FromRow)]
struct Arrival {
    execution_id: Uuid,
    held: Vec<String>,
    at: Option<String>,
    vt: Option<i64>,
    since: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct Count {
    gate: String,
    held: i64,
    slots_max: Option<i32>,
    first_max: Option<i32>,
}

/// What was read and judged so far.
pub(super) struct Passing {
    workspace_id: WorkspaceId,
    judging: Judging,
    /// Gates whose slots were counted.
    counted: HashSet<Gate>,
    /// Gates whose lines are looked at.
    gates: HashSet<Gate>,
    /// Those that have a lease of the caller.
    leased: HashSet<ExecutionId>,
    /// Where those that wait already do so, and since when.
    places: HashMap<ExecutionId, (Gate, DateTime<Utc>)>,
    is_more: bool,
}

impl Passing {
    pub(super) fn new(workspace_id: WorkspaceId, gates: HashSet<Gate>) -> Self {
        Self {
            workspace_id,
            judging: Judging::default(),
            counted: HashSet::new(),
            gates,
            leased: HashSet::new(),
            places: HashMap::new(),
            is_more: false,
        }
    }

    /// Looks at those that would enter: whose lease is held, and who has slots or a place in line already.
    pub(super) async fn arrive(
        &mut self,
        transaction: &mut PgConnection,
        worker_no: Option<i32>,
        entering: &[Entering],
    ) -> Result<(), StoreError> {
        self.count(transaction, self.gates.iter().cloned().collect()).await?;
        if entering.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = entering.iter().map(|entering| entering.execution_id.0).collect();
        let leases: Vec<i64> = entering.iter().map(|entering| entering.lease_no).collect();
        let arrivals: Vec<Arrival> = sqlx::query_as(
            "SELECT e.id AS execution_id, ARRAY(SELECT s.gate FROM slots s WHERE s.execution_id = e.id) AS held, \
                    g.gate AS at, g.vt, g.created_at AS since \
               FROM unnest($1::uuid[], $2::bigint[]) AS e (id, lease_no) \
               LEFT JOIN gated g ON g.execution_id = e.id \
              WHERE (SELECT true FROM leases l WHERE l.execution_id = e.id AND l.lease_no = e.lease_no \
                        AND l.worker_no = $3 LIMIT 1)",
        )
        .bind(ids)
        .bind(leases)
        .bind(worker_no)
        .fetch_all(transaction)
        .await?;
        let mut arrivals: HashMap<Uuid, Arrival> = arrivals.into_iter().map(|it| (it.execution_id, it)).collect();
        for one in entering {
            if let Some(arrival) = arrivals.remove(&one.execution_id.0) {
                self.arrived(one, arrival);
            }
        }
        Ok(())
    }

    fn arrived(&mut self, one: &Entering, arrival: Arrival) {
        let id = one.execution_id;
        self.leased.insert(id);
        if let (Some(at), Some(since)) = (arrival.at, arrival.since) {
            self.places.insert(id, (Gate(at), since));
        }
        if one.is_at_work || !arrival.held.is_empty() {
            // What is at work stays so; under a limit that is new it counts from now on.
            let new = one.gates.iter().filter(|gate| !arrival.held.contains(&gate.0)).cloned();
            return self.judging.is_at_work(id, new);
        }
        let vt = arrival.vt.unwrap_or(one.vt);
        self.judging.arrive(Waiting { vt, execution_id: id, gates: one.gates.clone(), key_max: one.key_max });
    }

    /// Looks at the fronts of the lines and judges them; whether there is more to look at.
    pub(super) async fn look(&mut self, transaction: &mut PgConnection) -> Result<bool, StoreError> {
        let fronts = self.fronts(transaction).await?;
        let gates = fronts.iter().flat_map(|front| &front.waiting).flat_map(|waiting| waiting.gates.iter().cloned());
        self.count(transaction, gates.collect()).await?;
        self.is_more = self.judging.judge(fronts);
        Ok(self.is_more)
    }

    /// Who waits first at each of the gates with room, as many as it has room for, without those that were judged.
    async fn fronts(&mut self, transaction: &mut PgConnection) -> Result<Vec<Front>, StoreError> {
        let room = |gate: &Gate| self.judging.room(gate).min(LOOK_MAX);
        let open: HashMap<String, usize> =
            self.gates.iter().map(|gate| (gate.0.clone(), room(gate) as usize)).filter(|(_, room)| *room > 0).collect();
        let (names, rooms): (Vec<&str>, Vec<i64>) =
            open.iter().map(|(gate, room)| (gate.as_str(), *room as i64)).unzip();
        let known: Vec<Uuid> = self.judging.known().map(|id| id.0).collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<InLine> = sqlx::query_as(
            "SELECT a.gate AS at, f.execution_id, f.vt, f.gates, f.key_max, f.created_at, \
                    (SELECT e.ended_at IS NOT NULL FROM executions e \
                      WHERE e.execution_id = f.execution_id LIMIT 1) AS is_over \
               FROM unnest($2::text[], $3::bigint[]) AS a (gate, room) CROSS JOIN LATERAL ( \
                      SELECT g.execution_id, g.vt, g.gates, g.key_max, g.created_at FROM gated g \
                       WHERE g.workspace_id = $1 AND g.gate = a.gate AND g.execution_id <> ALL ($4) \
                       ORDER BY g.vt, g.execution_id LIMIT a.room) AS f",
        )
        .bind(self.workspace_id.0)
        .bind(names)
        .bind(rooms)
        .bind(known)
        .fetch_all(transaction)
        .await?;
        let mut fronts = HashMap::<String, Front>::new();
        for row in rows {
            let front = fronts.entry(row.at.clone()).or_default();
            front.waiting.push(self.in_line(row));
        }
        for (gate, front) in &mut fronts {
            front.is_cut = open.get(gate).is_some_and(|room| front.waiting.len() >= *room);
        }
        Ok(fronts.into_values().collect())
    }

    /// One that has ended passes without a slot: its token is dropped.
    fn in_line(&mut self, row: InLine) -> Waiting {
        let execution_id = ExecutionId(row.execution_id);
        self.places.insert(execution_id, (Gate(row.at), row.created_at));
        let gates = if row.is_over == Some(false) { row.gates } else { Vec::new() };
        let (gates, key_max) =
            (gates.into_iter().map(Gate).collect(), row.key_max.and_then(|most| most.try_into().ok()));
        Waiting { vt: row.vt, execution_id, gates, key_max }
    }

    /// Counts the slots of those of some gates that were not counted, and reads their limits.
    async fn count(&mut self, transaction: &mut PgConnection, gates: HashSet<Gate>) -> Result<(), StoreError> {
        let new: Vec<Gate> = gates.into_iter().filter(|gate| !self.counted.contains(gate)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let (names, limits): (Vec<&str>, Vec<&str>) = new.iter().map(|gate| (gate.as_str(), gate.limit_name())).unzip();
        let counts: Vec<Count> = sqlx::query_as(
            "SELECT n.gate, (SELECT count(*) FROM slots s WHERE s.workspace_id = $1 AND s.gate = n.gate) AS held, \
                    (SELECT g.key_max FROM gated g WHERE g.workspace_id = $1 AND g.gate = n.gate \
                      ORDER BY g.vt, g.execution_id LIMIT 1) AS first_max, \
                    (SELECT l.slots_max FROM limits l WHERE l.workspace_id = $1 AND l.name = n.name) AS slots_max \
               FROM unnest($2::text[], $3::text[]) AS n (gate, name)",
        )
        .bind(self.workspace_id.0)
        .bind(names)
        .bind(limits)
        .fetch_all(transaction)
        .await?;
        for Count { gate, held, slots_max, first_max } in counts {
            let gate = Gate(gate);
            if let Some(most) = first_max.and_then(|most| u32::try_from(most).ok()) {
                self.judging.first_max.insert(gate.clone(), most);
            }
            if let Some(most) = slots_max.and_then(|most| u32::try_from(most).ok()) {
                self.judging.hall.limits.insert(gate.limit_name().to_owned(), most);
            }
            *self.judging.hall.held.entry(gate).or_default() += u32::try_from(held).unwrap_or(u32::MAX);
        }
        self.counted.extend(new);
        Ok(())
    }

    /// Writes what was judged.
    pub(super) async fn write(
        mut self,
        transaction: &mut PgConnection,
        entering: &[Entering],
    ) -> Result<Passed, StoreError> {
        self.judging.close();
        let judging = &self.judging;
        let tokens = judging.admitted.difference(&self.leased).copied().collect();
        let woken = match judging.slots.is_empty() && judging.waits.is_empty() && judging.admitted.is_empty() {
            true => Vec::new(),
            false => self.write_judged(transaction, entering, &tokens).await?,
        };
        let entered = entering.iter().map(|one| match one.execution_id {
            id if !self.leased.contains(&id) => Entered::Lost,
            id if judging.admitted.contains(&id) => Entered::In,
            id if woken.contains(&id.0) => Entered::Woken,
            _ => Entered::Waits,
        });
        Ok(Passed { entered: entered.collect(), admitted: tokens, is_more: self.is_more })
    }

    /// Answers those that wait and keep their lease, as a signal is there.
    async fn write_judged(
        &self,
        transaction: &mut PgConnection,
        entering: &[Entering],
        tokens: &Vec<ExecutionId>,
    ) -> Result<Vec<Uuid>, StoreError> {
        let slots = self.judging.slots.iter().map(|(gate, id)| json!({ "gate": gate.0, "execution_id": id }));
        let parks = entering.iter().filter(|one| self.judging.waits.contains_key(&one.execution_id));
        let parks =
            parks.map(|one| json!({ "execution_id": one.execution_id, "due_at": one.due_at, "unbegun": one.unbegun }));
        let judged = json!({
            "slots": slots.collect::<Vec<_>>(), "tokens": tokens, "parks": parks.collect::<Vec<_>>(),
            "waits": self.judging.waits.values().filter_map(|(gate, waiting)| self.wait(gate, waiting)).collect::<Vec<_>>(),
        });
        let written = sqlx::query_scalar("SELECT * FROM pass_gates_1($1, $2)").bind(self.workspace_id.0).bind(judged);
        Ok(written.fetch_all(transaction).await?)
    }

    /// What is written of one that waits; none if it waits at that gate already.
    fn wait(&self, gate: &Gate, waiting: &Waiting) -> Option<Value> {
        let id = waiting.execution_id;
        let place = self.places.get(&id);
        if place.is_some_and(|(at, _)| at == gate) {
            return None;
        }
        let gates: Vec<&str> = waiting.gates.iter().map(Gate::as_str).collect();
        Some(json!({
            "gate": gate.0, "vt": waiting.vt, "execution_id": id, "gates": gates, "key_max": waiting.key_max,
            "since": place.map(|(_, since)| since),
        }))
    }
}
