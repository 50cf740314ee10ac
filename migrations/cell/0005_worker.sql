-- What a worker does: register, claim, commit, release; and what is done to one that is lost.

-- Lock class of worker numbers in this cell; the object is the worker's number.
CREATE FUNCTION worker_lock_1() RETURNS int LANGUAGE sql STABLE AS $$ SELECT hashtext(current_schema() || '#worker') $$;
-- Lock class of the session locks that tell that a worker's process lives.
CREATE FUNCTION alive_lock_1() RETURNS int LANGUAGE sql STABLE AS $$ SELECT hashtext(current_schema() || '#alive') $$;

-- The fence. The lock first, and only a later statement looks: it sees what a reaper committed meanwhile.
CREATE FUNCTION guard_1(p_worker int) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);
  PERFORM FROM workers w WHERE w.worker_no = p_worker AND NOT w.fenced;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';
  END IF;
END
$$;

-- Moves due timers into the queue, earliest first, at most `p_room`; answers how many.
-- Uses timers_due_at from `p_bound` on. Locks timer rows, skipping those that another process moves.
CREATE FUNCTION fire_timers_1(p_room int, p_bound timestamptz) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_now timestamptz := clock_timestamp(); -- as a value: a volatile function would not end the index scan
  v_fired int;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT t.execution_id FROM timers t
     WHERE t.due_at >= p_bound AND t.due_at <= v_now
     ORDER BY t.due_at LIMIT p_room FOR UPDATE SKIP LOCKED
  ), fired AS (
    DELETE FROM timers t WHERE t.execution_id = ANY (ARRAY(SELECT d.execution_id FROM due d))
    RETURNING t.execution_id, t.workspace_id
  )
  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT (SELECT f.vt FROM queue_front f), fired.execution_id, fired.workspace_id, false FROM fired;
  GET DIAGNOSTICS v_fired = ROW_COUNT;
  RETURN v_fired;
END
$$;

-- Claims up to `p_room` executions for a worker: tokens in virtual time from `p_bound` on, deleted; leases inserted.
-- A token that meets a lease marks it `woken`; that row comes back with the lease's holder in `held_by`.
-- Tokens of ended executions are dropped, with signals that came too late. With `p_suspect` one execution that lost
-- two workers may come too.
-- Uses queue_vt, the tid of the tokens, and the key of executions within the months of the tokens.
-- Locks: tokens (skipping locked ones), then leases in execution order.
CREATE FUNCTION claim_1(p_worker int, p_room int, p_bound bigint, p_suspect boolean)
RETURNS TABLE (
  execution_id uuid, workspace_id uuid, lease_no bigint, losses smallint, held_by int, fresh boolean, vt bigint,
  version_id uuid, trigger_node_id text, input text, created_at timestamptz, deadline_at timestamptz,
  incident boolean, claimed_at timestamptz
)
LANGUAGE plpgsql ROWS 100
AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
  v_workspaces uuid[];
  v_fresh boolean[];
  v_losses smallint[];
  v_vts bigint[];
  v_suspect tid[] := '{}';
  v_leases bigint[];
  v_holders int[];
  v_ended uuid[];
  v_now timestamptz;
  v_live int;
BEGIN
  PERFORM guard_1(p_worker);
  IF p_suspect THEN
    v_suspect := ARRAY(
      SELECT q.ctid FROM queue q WHERE q.losses >= 2 ORDER BY q.vt LIMIT 1 FOR UPDATE SKIP LOCKED);
  END IF;
  WITH picked AS MATERIALIZED (
    SELECT q.ctid AS tid FROM queue q
     WHERE q.vt >= p_bound AND q.losses < 2
     ORDER BY q.vt LIMIT p_room FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM queue q WHERE q.ctid = ANY (ARRAY(SELECT p.tid FROM picked p) || v_suspect)
    RETURNING q.execution_id, q.workspace_id, q.fresh, q.losses, q.vt
  ), merged AS (
    SELECT t.execution_id, t.workspace_id, bool_and(t.fresh) AS fresh, max(t.losses) AS losses, min(t.vt) AS vt
      FROM taken t GROUP BY t.execution_id, t.workspace_id ORDER BY t.execution_id
  )
  SELECT array_agg(m.execution_id), array_agg(m.workspace_id), array_agg(m.fresh), array_agg(m.losses), array_agg(m.vt)
    INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts FROM merged m;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  WITH leased AS (
    INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
    SELECT t.id, t.workspace_id, p_worker, nextval('lease_numbers'), t.losses
      FROM unnest(v_ids, v_workspaces, v_losses) AS t (id, workspace_id, losses)
    ON CONFLICT (execution_id) DO UPDATE SET woken = true, losses = greatest(l.losses, excluded.losses)
    RETURNING l.execution_id, l.worker_no, l.lease_no, l.losses, l.woken, l.claimed_at
  ), sorted AS (
    SELECT * FROM leased ORDER BY leased.execution_id
  )
  SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(CASE WHEN s.woken THEN s.worker_no END),
         max(s.claimed_at)
    INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
  -- Only a statement after the one that waited for the leases sees what their last holders committed.
  RETURN QUERY
  SELECT t.id, t.workspace_id, t.lease_no, t.losses, t.held_by,
         -- A wake-up may have overtaken the token of the start. LIMIT 1 keeps these look-ups look-ups: as joins they
         -- could be planned, on tables that look empty, as scans from the oldest execution to the newest.
         t.fresh AND (SELECT true FROM journal j
                       WHERE j.execution_id = t.id
                         AND j.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) IS NULL,
         t.vt, e.version_id, e.trigger_node_id, e.input::text, e.created_at, e.deadline_at,
         e.status = 'incident', v_now
    FROM unnest(v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_leases, v_holders)
         AS t (id, workspace_id, fresh, losses, vt, lease_no, held_by)
   CROSS JOIN LATERAL (
           SELECT x.* FROM executions x
            WHERE x.execution_id = t.id
              AND x.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) AS e
   WHERE e.ended_at IS NULL;
  GET DIAGNOSTICS v_live = ROW_COUNT;
  IF v_live < cardinality(v_ids) THEN
    v_ended := ARRAY(
      SELECT t.id FROM unnest(v_ids) AS t (id)
       WHERE (SELECT e.ended_at FROM executions e
               WHERE e.execution_id = t.id
                 AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]) IS NOT NULL);
    DELETE FROM leases l WHERE l.execution_id = ANY (v_ended) AND l.worker_no = p_worker AND NOT l.woken;
    DELETE FROM signals s WHERE s.execution_id = ANY (v_ended);
  END IF;
END
$$;

-- One group commit of one worker. All arrays of a letter are in step and in execution order:
-- x: the executions concerned with their lease numbers; j: journal rows; e: ends (`incident` parks for a person);
-- s: signals consumed; k: executions to park with their next deadline, or null; t: ended executions that may
-- have left timers or signals; o: outbox; u: usage.
-- Answers only exceptions: `lost` (no longer this worker's; then nothing at all was written), `woken` (a signal is
-- there; a park of it was not done). Locks: leases in execution order. Uses keys throughout.
CREATE FUNCTION commit_1(
  p_worker int, x_ids uuid[], x_leases bigint[],
  j_ids uuid[], j_positions int[], j_workspaces uuid[], j_leases bigint[], j_kinds text[], j_nodes text[],
  j_scopes text[], j_statuses text[], j_ports text[], j_attempts int[], j_outputs text[], j_details text[],
  j_ats timestamptz[],
  e_ids uuid[], e_statuses text[], e_outputs text[], e_errors text[],
  s_executions uuid[], s_ids uuid[], k_ids uuid[], k_dues timestamptz[], t_ids uuid[],
  o_ids uuid[], o_workspaces uuid[], o_types text[], o_aggregates uuid[], o_payloads text[],
  u_ids uuid[], u_positions int[], u_meters text[], u_workspaces uuid[], u_units bigint[]
) RETURNS TABLE (execution_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_held int;
  v_woken uuid[];
BEGIN
  PERFORM guard_1(p_worker);
  -- LIMIT 1 keeps the look-ups look-ups: a join could be planned as a scan of the leases of the whole fleet.
  SELECT count(*), array_agg(x.id) FILTER (WHERE held.woken) INTO v_held, v_woken
    FROM unnest(x_ids, x_leases) AS x (id, lease_no)
   CROSS JOIN LATERAL (
           SELECT l.woken FROM leases l
            WHERE l.execution_id = x.id AND l.lease_no = x.lease_no AND l.worker_no = p_worker LIMIT 1) AS held;
  IF v_held < cardinality(x_ids) THEN
    RETURN QUERY
    SELECT x.id, 'lost' FROM unnest(x_ids, x_leases) AS x (id, lease_no)
     WHERE (SELECT true FROM leases l
             WHERE l.execution_id = x.id AND l.lease_no = x.lease_no AND l.worker_no = p_worker LIMIT 1) IS NULL;
    RETURN;
  END IF;

  INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts,
                       output, detail, recorded_at)
  SELECT j.id, j.position, j.workspace_id, j.lease_no, j.kind, j.node_id, j.scope, j.status, j.port, j.attempts,
         j.output::jsonb, j.detail::jsonb, j.recorded_at
    FROM unnest(j_ids, j_positions, j_workspaces, j_leases, j_kinds, j_nodes, j_scopes, j_statuses, j_ports,
                j_attempts, j_outputs, j_details, j_ats)
         AS j (id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, output, detail,
               recorded_at);

  IF cardinality(e_ids) > 0 THEN
    -- No join: it could be planned as a scan from the oldest execution to the newest.
    UPDATE executions e
       SET (status, output, error, ended_at) = (
             SELECT e_statuses[n], e_outputs[n]::jsonb, e_errors[n]::jsonb,
                    CASE WHEN e_statuses[n] <> 'incident' THEN clock_timestamp() END
               FROM array_position(e_ids, e.execution_id) AS n)
     WHERE e.execution_id = ANY (e_ids) AND e.execution_id BETWEEN e_ids[1] AND e_ids[cardinality(e_ids)];
  END IF;
  IF cardinality(s_ids) > 0 THEN
    DELETE FROM signals s USING unnest(s_executions, s_ids) AS c (execution_id, signal_id)
     WHERE s.execution_id = c.execution_id AND s.signal_id = c.signal_id;
  END IF;
  IF cardinality(e_ids || k_ids) > 0 THEN
    -- One statement for ends and parks: its index scan locks the leases in execution order.
    WITH parked AS (
      DELETE FROM leases l
       WHERE l.execution_id = ANY (e_ids || k_ids) AND (NOT l.woken OR l.execution_id = ANY (e_ids))
      RETURNING l.execution_id, l.workspace_id
    )
    INSERT INTO timers AS t (execution_id, workspace_id, due_at)
    SELECT k.id, parked.workspace_id, k.due_at
      FROM unnest(k_ids, k_dues) AS k (id, due_at) JOIN parked ON parked.execution_id = k.id
     WHERE k.due_at IS NOT NULL ORDER BY k.id
    ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
    RETURN QUERY SELECT l.execution_id, 'woken' FROM leases l WHERE l.execution_id = ANY (k_ids);
  END IF;
  IF cardinality(t_ids) > 0 THEN
    DELETE FROM timers t WHERE t.execution_id = ANY (t_ids);
    DELETE FROM signals s WHERE s.execution_id = ANY (t_ids);
  END IF;
  IF cardinality(o_ids) > 0 THEN
    INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
    SELECT o.id, o.workspace_id, o.type, o.aggregate_id, o.payload::jsonb
      FROM unnest(o_ids, o_workspaces, o_types, o_aggregates, o_payloads) AS o (id, workspace_id, type, aggregate_id, payload);
  END IF;
  IF cardinality(u_ids) > 0 THEN
    INSERT INTO usage (execution_id, position, meter, workspace_id, units)
    SELECT u.id, u.position, u.meter, u.workspace_id, u.units
      FROM unnest(u_ids, u_positions, u_meters, u_workspaces, u_units) AS u (id, position, meter, workspace_id, units);
  END IF;
  IF v_woken IS NOT NULL THEN
    RETURN QUERY SELECT w, 'woken' FROM unnest(v_woken) AS w WHERE w <> ALL (e_ids) AND w <> ALL (k_ids);
  END IF;
END
$$;

-- Takes note of a wake-up: clears `woken` first, so that whatever comes later sets it again.
-- The caller reads the signals in a later statement.
CREATE FUNCTION heed_1(p_execution uuid, p_lease bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE leases l SET woken = false WHERE l.execution_id = p_execution AND l.lease_no = p_lease AND l.woken;
END
$$;

-- Gives executions back unharmed: leases become tokens at the front; no loss is counted.
CREATE FUNCTION release_1(p_worker int, p_ids uuid[], p_leases bigint[]) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_released int;
BEGIN
  PERFORM guard_1(p_worker);
  WITH released AS (
    DELETE FROM leases l USING unnest(p_ids, p_leases) AS r (id, lease_no)
     WHERE l.execution_id = r.id AND l.lease_no = r.lease_no AND l.worker_no = p_worker
    RETURNING l.execution_id, l.workspace_id, l.losses
  )
  INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
  SELECT (SELECT f.vt FROM queue_front f), r.execution_id, r.workspace_id, false, r.losses FROM released r;
  GET DIAGNOSTICS v_released = ROW_COUNT;
  RETURN v_released;
END
$$;

-- Fences a lost worker and turns its leases into tokens. A loss is counted where the journal has not moved
-- under the lease; where it has, the count begins anew with this one. One reaper at a time: a second one answers
-- zero. The exclusive lock waits for commits in flight; set lock_timeout before.
CREATE FUNCTION reap_1(p_worker int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_reaped int;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#reaper'), p_worker) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock(worker_lock_1(), p_worker);
  UPDATE workers w SET fenced = true WHERE w.worker_no = p_worker AND NOT w.fenced;
  PERFORM FROM leases l WHERE l.worker_no = p_worker ORDER BY l.execution_id FOR UPDATE;
  WITH lost AS (
    DELETE FROM leases l WHERE l.worker_no = p_worker
    RETURNING l.execution_id, l.workspace_id, l.lease_no, l.losses
  )
  INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
  SELECT (SELECT f.vt FROM queue_front f), lost.execution_id, lost.workspace_id, false,
         -- No EXISTS: it could be planned as a scan of all months.
         CASE WHEN (SELECT true FROM journal j
                     WHERE j.execution_id = lost.execution_id AND j.lease_no = lost.lease_no LIMIT 1)
              THEN 1 ELSE lost.losses + 1 END
    FROM lost;
  GET DIAGNOSTICS v_reaped = ROW_COUNT;
  RETURN v_reaped;
END
$$;

-- One beat of a worker's life, at most about once a second. Raises the front to `p_front`.
-- `alive` is false once the worker is fenced; `next_due_at` is the earliest timer from `p_bound` on. A worker without
-- room claims nothing, so it meets no wake token: with `p_full` its executions with signals count as woken.
CREATE FUNCTION beat_1(p_worker int, p_front bigint, p_bound timestamptz, p_full boolean)
RETURNS TABLE (alive boolean, now timestamptz, front bigint, next_due_at timestamptz, woken uuid[], timeline text)
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE workers w SET heartbeat_at = clock_timestamp() WHERE w.worker_no = p_worker AND NOT w.fenced;
  alive := FOUND;
  UPDATE queue_front f SET vt = p_front, updated_at = clock_timestamp()
   WHERE f.vt < p_front AND f.updated_at < clock_timestamp() - interval '900 milliseconds';
  SELECT f.vt INTO front FROM queue_front f;
  SELECT min(t.due_at) INTO next_due_at FROM timers t WHERE t.due_at >= p_bound;
  woken := ARRAY(SELECT l.execution_id FROM leases l WHERE l.worker_no = p_worker AND l.woken);
  IF p_full THEN
    woken := woken || ARRAY(
      SELECT l.execution_id FROM leases l
       WHERE l.worker_no = p_worker AND NOT l.woken
         AND (SELECT true FROM signals s WHERE s.execution_id = l.execution_id LIMIT 1));
  END IF;
  timeline := left(pg_walfile_name(pg_current_wal_lsn()), 8);
  now := clock_timestamp();
  RETURN NEXT;
END
$$;

-- Other workers that are not fenced: their last beat, as a mark to compare, and whether their session lock is held.
CREATE FUNCTION peers_1(p_worker int)
RETURNS TABLE (worker_no int, beat timestamptz, connected boolean)
LANGUAGE sql
AS $$
  WITH held AS MATERIALIZED (
    SELECT DISTINCT l.objid::bigint AS worker_no FROM pg_locks l
     WHERE l.locktype = 'advisory' AND l.granted
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND l.classid::bigint = (alive_lock_1()::bigint & 4294967295)
  )
  SELECT w.worker_no, w.heartbeat_at, w.worker_no IN (SELECT h.worker_no FROM held h)
    FROM workers w
   WHERE NOT w.fenced AND w.worker_no <> p_worker
   ORDER BY w.worker_no
$$;

-- Ends the database connections that hold a lost worker's lock, so that its reaper can have it. Runs as the login
-- itself: a role that nobody logs in as may end no connection.
CREATE FUNCTION evict_1(p_worker int) RETURNS int
LANGUAGE sql SET role = 'none'
AS $$
  SELECT count(pg_terminate_backend(l.pid))::int FROM pg_locks l
   WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ShareLock' AND l.pid <> pg_backend_pid()
     AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
     AND l.classid::bigint = (worker_lock_1()::bigint & 4294967295) AND l.objid::bigint = p_worker
$$;

-- Upkeep by a duty: old fenced workers without leases, old idempotency keys, old outbox rows; in bounded bites.
CREATE FUNCTION tidy_1(p_keys_before timestamptz, p_outbox_before timestamptz, p_bite int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_rows int;
  v_total int := 0;
BEGIN
  DELETE FROM idempotency_keys k WHERE (k.workspace_id, k.key_hash) IN (
    SELECT i.workspace_id, i.key_hash FROM idempotency_keys i
     WHERE i.created_at < p_keys_before ORDER BY i.created_at LIMIT p_bite);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_total := v_total + v_rows;
  DELETE FROM outbox o WHERE o.event_id IN (
    SELECT x.event_id FROM outbox x WHERE x.event_id < uuid_floor_1(p_outbox_before) ORDER BY x.event_id LIMIT p_bite);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_total := v_total + v_rows;
  DELETE FROM workers w WHERE w.fenced AND w.heartbeat_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM leases l WHERE l.worker_no = w.worker_no);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  RETURN v_total + v_rows;
END
$$;
