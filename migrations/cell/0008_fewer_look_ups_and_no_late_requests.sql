-- Start, claim and commit with fewer look-ups for each row (docs/performance.md). Neither does an incident swallow a
-- wake-up, nor a wake-up hide that an execution lost two workers, nor happens late what was asked on a connection that
-- a worker has given up.

-- The executions are read in one scan of their key instead of one look-up each. A wake-up of an execution that lost two
-- workers is dropped: the token that knows of it is still there, and whoever takes that one with care sees the signal.
CREATE OR REPLACE FUNCTION claim_2(p_worker int, p_room int, p_bound bigint, p_suspect boolean)
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
  v_suspected uuid[];
  v_leases bigint[];
  v_holders int[];
  v_ended uuid[];
  v_now timestamptz;
  v_live int;
BEGIN
  -- guard_1, in place: a call costs as much as what it does.
  PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);
  PERFORM FROM workers w WHERE w.worker_no = p_worker AND NOT w.fenced;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';
  END IF;
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
  IF false = ANY (v_fresh) THEN
    v_suspected := ARRAY(SELECT q.execution_id FROM queue q WHERE q.losses >= 2 AND q.execution_id = ANY (v_ids));
    IF cardinality(v_suspected) > 0 THEN
      SELECT array_agg(t.id ORDER BY t.id), array_agg(t.workspace_id ORDER BY t.id), array_agg(t.fresh ORDER BY t.id),
             array_agg(t.losses ORDER BY t.id), array_agg(t.vt ORDER BY t.id)
        INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
        FROM unnest(v_ids, v_workspaces, v_fresh, v_losses, v_vts) AS t (id, workspace_id, fresh, losses, vt)
       WHERE t.id <> ALL (v_suspected);
    END IF;
  END IF;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  WITH leased AS (
    INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
    SELECT v_ids[n], v_workspaces[n], p_worker, nextval('lease_numbers'), v_losses[n]
      FROM generate_series(1, cardinality(v_ids)) AS n
    ON CONFLICT (execution_id) DO UPDATE SET woken = true, losses = greatest(l.losses, excluded.losses)
    RETURNING l.execution_id, l.worker_no, l.lease_no, l.losses, l.woken, l.claimed_at
  ), sorted AS (
    SELECT * FROM leased ORDER BY leased.execution_id
  )
  SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(CASE WHEN s.woken THEN s.worker_no END),
         max(s.claimed_at)
    INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
  IF false = ANY (v_fresh) THEN
    -- Only of executions whose lease is had: nobody else can have their rows locked.
    UPDATE executions e SET begun = true
     WHERE e.execution_id = ANY (ARRAY(
             SELECT v_ids[n] FROM generate_series(1, cardinality(v_ids)) AS n
              WHERE NOT v_fresh[n] AND v_holders[n] IS NULL))
       AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
       AND NOT e.begun AND e.ended_at IS NULL
       AND (SELECT true FROM journal j
             WHERE j.execution_id = e.execution_id
               AND j.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) IS NULL;
  END IF;
  -- Only a statement after the one that waited for the leases sees what their last holders committed. No join: it could
  -- be planned, on tables that look empty, as a scan from the oldest execution to the newest.
  RETURN QUERY
  SELECT e.execution_id, e.workspace_id, v_leases[e.n], v_losses[e.n], v_holders[e.n], v_fresh[e.n] AND NOT e.begun,
         v_vts[e.n], e.version_id, e.trigger_node_id, e.input::text, e.created_at, e.deadline_at,
         e.status = 'incident', v_now
    FROM (SELECT x.execution_id, x.workspace_id, x.version_id, x.trigger_node_id, x.input, x.created_at, x.deadline_at,
                 x.status, x.begun, width_bucket(x.execution_id, v_ids) AS n
            FROM executions x
           WHERE x.execution_id = ANY (v_ids) AND x.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
             AND x.ended_at IS NULL
          OFFSET 0) AS e; -- OFFSET 0: the place is found once
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

-- Leases and ends are found in one scan of their keys, and the place of a row in the arrays by its id. An incident that
-- was woken gets a token: a cancel may be waiting.
CREATE OR REPLACE FUNCTION commit_2(
  p_worker int, x_ids uuid[], x_workspaces uuid[], x_leases bigint[],
  j_x int[], j_positions int[], j_kinds text[], j_nodes text[], j_scopes text[], j_statuses text[], j_ports text[],
  j_attempts int[], j_outputs text[], j_details text[], j_ats timestamptz[],
  e_x int[], e_statuses text[], e_outputs text[], e_errors text[], e_events uuid[],
  s_x int[], s_ids uuid[], k_x int[], k_dues timestamptz[], t_x int[],
  u_x int[], u_positions int[], u_meters text[], u_units bigint[]
) RETURNS TABLE (execution_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_first uuid := x_ids[1];
  v_last uuid := x_ids[cardinality(x_ids)];
  v_held int;
  v_woken uuid[];
  v_ends uuid[];
  v_parks uuid[];
BEGIN
  -- guard_1, in place: a call costs as much as what it does.
  PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);
  PERFORM FROM workers w WHERE w.worker_no = p_worker AND NOT w.fenced;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';
  END IF;
  -- No join: it could be planned as a scan of the leases of the whole fleet.
  SELECT count(*), array_agg(l.execution_id) FILTER (WHERE l.woken) INTO v_held, v_woken
    FROM leases l
   WHERE l.execution_id = ANY (x_ids) AND l.worker_no = p_worker
     AND l.lease_no = x_leases[width_bucket(l.execution_id, x_ids)];
  IF v_held < cardinality(x_ids) THEN
    RETURN QUERY
    SELECT x_ids[n], 'lost' FROM generate_series(1, cardinality(x_ids)) AS n
     WHERE (SELECT true FROM leases l
             WHERE l.execution_id = x_ids[n] AND l.lease_no = x_leases[n] AND l.worker_no = p_worker LIMIT 1) IS NULL;
    RETURN;
  END IF;

  INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts,
                       output, detail, recorded_at)
  SELECT x_ids[j_x[n]], j_positions[n], x_workspaces[j_x[n]], x_leases[j_x[n]], j_kinds[n], j_nodes[n], j_scopes[n],
         j_statuses[n], j_ports[n], j_attempts[n], j_outputs[n]::jsonb, j_details[n]::jsonb, j_ats[n]
    FROM generate_series(1, cardinality(j_x)) AS n;

  IF cardinality(s_x) > 0 THEN
    DELETE FROM signals s USING (SELECT x_ids[s_x[n]] AS id, s_ids[n] AS signal_id
                                   FROM generate_series(1, cardinality(s_x)) AS n) AS c
     WHERE s.execution_id = c.id AND s.signal_id = c.signal_id;
  END IF;
  IF cardinality(e_x) > 0 THEN
    v_ends := ARRAY(SELECT x_ids[e_x[n]] FROM generate_series(1, cardinality(e_x)) AS n);
    -- No join: it could be planned as a scan from the oldest execution to the newest.
    UPDATE executions e
       SET status = e_statuses[width_bucket(e.execution_id, v_ends)],
           output = e_outputs[width_bucket(e.execution_id, v_ends)]::jsonb,
           error = e_errors[width_bucket(e.execution_id, v_ends)]::jsonb,
           ended_at = CASE WHEN e_statuses[width_bucket(e.execution_id, v_ends)] <> 'incident'
                           THEN clock_timestamp() END
     WHERE e.execution_id = ANY (v_ends) AND e.execution_id BETWEEN v_first AND v_last;
    INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
    SELECT e_events[n], x_workspaces[e_x[n]], 'execution.' || e_statuses[n], v_ends[n], '{}'
      FROM generate_series(1, cardinality(e_x)) AS n;
  END IF;
  IF cardinality(k_x) > 0 OR 'incident' = ANY (e_statuses) THEN
    v_parks := ARRAY(SELECT x_ids[k_x[n]] FROM generate_series(1, cardinality(k_x)) AS n);
    -- One statement for ends and parks: its index scan locks the leases in execution order.
    WITH gone AS (
      DELETE FROM leases l
       WHERE l.execution_id = ANY (v_ends || v_parks) AND (NOT l.woken OR l.execution_id = ANY (v_ends))
      RETURNING l.execution_id, l.workspace_id, l.woken
    ), woken AS (
      INSERT INTO queue (vt, execution_id, workspace_id, fresh)
      SELECT (SELECT f.vt FROM queue_front f), g.execution_id, g.workspace_id, false FROM gone g
       WHERE g.woken AND e_statuses[width_bucket(g.execution_id, v_ends)] = 'incident'
    )
    INSERT INTO timers AS t (execution_id, workspace_id, due_at)
    SELECT k.id, gone.workspace_id, k.due_at
      FROM unnest(v_parks, k_dues) AS k (id, due_at) JOIN gone ON gone.execution_id = k.id
     WHERE k.due_at IS NOT NULL ORDER BY k.id
    ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
    RETURN QUERY SELECT l.execution_id, 'woken' FROM leases l WHERE l.execution_id = ANY (v_parks);
  ELSIF cardinality(e_x) > 0 THEN
    DELETE FROM leases l WHERE l.execution_id = ANY (v_ends);
  END IF;
  IF cardinality(t_x) > 0 THEN
    v_ends := ARRAY(SELECT x_ids[t_x[n]] FROM generate_series(1, cardinality(t_x)) AS n);
    DELETE FROM timers t WHERE t.execution_id = ANY (v_ends);
    DELETE FROM signals s WHERE s.execution_id = ANY (v_ends);
  END IF;
  IF cardinality(u_x) > 0 THEN
    INSERT INTO usage (execution_id, position, meter, workspace_id, units)
    SELECT x_ids[u_x[n]], u_positions[n], u_meters[n], x_workspaces[u_x[n]], u_units[n]
      FROM generate_series(1, cardinality(u_x)) AS n;
  END IF;
  IF v_woken IS NOT NULL THEN
    RETURN QUERY
    SELECT w, 'woken' FROM unnest(v_woken) AS w
     WHERE w <> ALL (ARRAY(SELECT x_ids[e_x[n]] FROM generate_series(1, cardinality(e_x)) AS n))
       AND w <> ALL (coalesce(v_parks, '{}'));
  END IF;
END
$$;

-- Arrays are read by place; without a key nothing is looked up for the answer.
CREATE OR REPLACE FUNCTION start_1(
  p_ids uuid[], p_workspaces uuid[], p_workflows uuid[], p_versions uuid[], p_triggers text[], p_inputs text[],
  p_timeouts_ms bigint[], p_vts bigint[], p_keys bytea[], p_requests bytea[]
) RETURNS TABLE (ordinal int, execution_id uuid, verdict text, front bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_front bigint := (SELECT f.vt FROM queue_front f);
  v_made uuid[];
  v_refused int[] := '{}';
  v_keyed boolean := array_position(p_keys, NULL) IS NULL OR cardinality(array_remove(p_keys, NULL)) > 0;
BEGIN
  IF v_keyed THEN
    WITH made AS (
      INSERT INTO idempotency_keys AS k (workspace_id, key_hash, request_hash, execution_id)
      SELECT i.workspace_id, i.key_hash, i.request_hash, i.id
        FROM unnest(p_ids, p_workspaces, p_keys, p_requests) AS i (id, workspace_id, key_hash, request_hash)
       WHERE i.key_hash IS NOT NULL
       ORDER BY i.workspace_id, i.key_hash
      ON CONFLICT DO NOTHING
      RETURNING k.execution_id
    )
    SELECT coalesce(array_agg(m.execution_id), '{}') INTO v_made FROM made m;
    -- Also a call that is repeated with the same ids, after its answer was lost, made no key this time.
    SELECT coalesce(array_agg(i.n::int), '{}') INTO v_refused
      FROM unnest(p_ids, p_keys) WITH ORDINALITY AS i (id, key_hash, n)
     WHERE i.key_hash IS NOT NULL AND i.id <> ALL (v_made);
  END IF;

  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
  SELECT p_ids[n], p_workspaces[n], p_workflows[n], p_versions[n], p_triggers[n], p_inputs[n]::jsonb,
         clock_timestamp() + p_timeouts_ms[n] * interval '1 millisecond'
    FROM generate_series(1, cardinality(p_ids)) AS n
   WHERE n <> ALL (v_refused);

  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT greatest(p_vts[n], v_front), p_ids[n], p_workspaces[n], true
    FROM generate_series(1, cardinality(p_ids)) AS n
   WHERE n <> ALL (v_refused);

  IF NOT v_keyed THEN
    RETURN QUERY SELECT n, p_ids[n], 'started', v_front FROM generate_series(1, cardinality(p_ids)) AS n;
    RETURN;
  END IF;
  RETURN QUERY
  SELECT i.n::int, coalesce(k.execution_id, i.id),
         CASE WHEN i.n <> ALL (v_refused) THEN 'started'
              WHEN k.request_hash = i.request_hash THEN 'replayed'
              ELSE 'conflict' END,
         v_front
    FROM unnest(p_ids, p_workspaces, p_keys, p_requests) WITH ORDINALITY AS i (id, workspace_id, key_hash, request_hash, n)
    LEFT JOIN idempotency_keys k ON v_keyed AND k.workspace_id = i.workspace_id AND k.key_hash = i.key_hash
   ORDER BY i.n;
END
$$;

-- What names the session of this connection: process ids come again. Both functions look as the login, for a role sees
-- nothing of its own sessions.
CREATE FUNCTION session_1(OUT pid int, OUT started_at timestamptz)
LANGUAGE sql SET role = 'none'
AS $$
  SELECT a.pid, a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()
$$;

-- Ends the session of a connection that was given up; answers whether it is gone.
CREATE FUNCTION end_session_1(p_pid int, p_started_at timestamptz) RETURNS boolean
LANGUAGE sql SET role = 'none'
AS $$
  SELECT coalesce(bool_and(pg_terminate_backend(a.pid, 1000)), true) FROM pg_stat_activity a
   WHERE a.pid = p_pid AND a.backend_start = p_started_at
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION session_1(), end_session_1(int, timestamptz) TO capstan_worker;
