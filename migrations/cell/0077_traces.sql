-- What an execution, an event and a delivery belong to beyond themselves: `<trace id>[-<parent span>-<flags>][ <request id>]`,
-- the trace as W3C Trace Context writes its parts, and the request that began it, left out where nobody asked over HTTP and empty
-- where its id is that of the trace. Null: the trace is its own, and its id that of the row.
-- Long for one reason: claim_3 and family_1, whose bodies can only be written as a whole.

SET LOCAL lock_timeout = '200ms';

ALTER TABLE executions ADD COLUMN trace text;
ALTER TABLE pending_starts ADD COLUMN trace text;
ALTER TABLE trigger_starts ADD COLUMN trace text;
ALTER TABLE events ADD COLUMN trace text;
ALTER TABLE webhook_events ADD COLUMN trace text;

-- As start_1 (0008), with the trace that each execution belongs to. One column more, of the row that is written anyway.
CREATE FUNCTION start_2(
  p_ids uuid[], p_workspaces uuid[], p_workflows uuid[], p_versions uuid[], p_triggers text[], p_inputs text[],
  p_timeouts_ms bigint[], p_vts bigint[], p_keys bytea[], p_requests bytea[],
  p_traces text[]
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

  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at, trace)
  SELECT p_ids[n], p_workspaces[n], p_workflows[n], p_versions[n], p_triggers[n], p_inputs[n]::jsonb,
         clock_timestamp() + p_timeouts_ms[n] * interval '1 millisecond', p_traces[n]
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

-- As restart_1 (0014), with the trace: that of who asks, not of the execution that it goes on from.
CREATE FUNCTION restart_2(
  p_id uuid, p_old uuid, p_version uuid, p_timeout_ms bigint, p_positions int[], p_key bytea, p_request bytea,
  p_trace text
) RETURNS TABLE (execution_id uuid, verdict text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  v_before record;
BEGIN
  PERFORM FROM executions e WHERE e.execution_id = p_old AND e.workspace_id = v_workspace AND e.status <> 'queued';
  IF NOT FOUND THEN
    RETURN;
  END IF;

  IF p_key IS NOT NULL THEN
    INSERT INTO idempotency_keys AS k (workspace_id, key_hash, request_hash, execution_id)
    VALUES (v_workspace, p_key, p_request, p_id) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT k.execution_id, k.request_hash INTO v_before FROM idempotency_keys k
       WHERE k.workspace_id = v_workspace AND k.key_hash = p_key;
      RETURN QUERY SELECT v_before.execution_id,
                          CASE WHEN v_before.request_hash = p_request THEN 'replayed' ELSE 'conflict' END;
      RETURN;
    END IF;
  END IF;

  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at, restart_of,
                          trace)
  SELECT p_id, e.workspace_id, e.workflow_id, p_version, e.trigger_node_id, e.input,
         clock_timestamp() + p_timeout_ms * interval '1 millisecond', e.execution_id, p_trace
    FROM executions e WHERE e.execution_id = p_old;

  INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, node_id, scope, status, port, attempts, output,
                       detail, recorded_at)
  SELECT p_id, p.n, j.workspace_id, 0, j.kind, j.node_id, j.scope, j.status, j.port, j.attempts, j.output, j.detail,
         j.recorded_at
    FROM unnest(p_positions) WITH ORDINALITY AS p (position, n)
    JOIN journal j ON j.execution_id = p_old AND j.position = p.position;

  -- Not fresh: its journal has to be read.
  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT f.vt, p_id, v_workspace, false FROM queue_front f;
  RETURN QUERY SELECT p_id, 'started';
END
$$;

-- As before (0057), with the trace.
CREATE OR REPLACE FUNCTION begin_start_1(s jsonb, p_at timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_id uuid := s ->> 'execution_id';
  v_workspace uuid := s ->> 'workspace_id';
BEGIN
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at,
                          begun_at, trace)
  VALUES (v_id, v_workspace, (s ->> 'workflow_id')::uuid, (s ->> 'version_id')::uuid, s ->> 'trigger', s -> 'input',
          coalesce(p_at, clock_timestamp()) + (s ->> 'timeout_ms')::bigint * interval '1 millisecond',
          CASE WHEN p_at IS NOT NULL THEN timestamptz 'infinity' END, s ->> 'trace');
  IF p_at IS NULL THEN
    PERFORM line_up_1(v_workspace, v_id, (s ->> 'vt')::bigint, (s ->> 'priority')::smallint);
  ELSE
    INSERT INTO timers (execution_id, workspace_id, due_at) VALUES (v_id, v_workspace, p_at);
  END IF;
END
$$;

-- As before (0022), with the trace: what waits belongs to the request that came first.
CREATE OR REPLACE FUNCTION hold_start_1(s jsonb, p_rule text, p_lane text, p_now timestamptz, p_due timestamptz, p_pending_max int)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_id uuid := s ->> 'execution_id';
  v_workspace uuid := s ->> 'workspace_id';
  v_is_batch boolean := p_rule = 'batch';
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM pending_starts p WHERE p.workspace_id = v_workspace LIMIT p_pending_max) AS c)
     >= p_pending_max THEN
    RETURN false;
  END IF;
  INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, input,
                              timeout_ms, vt, priority, bytes, first_at, due_at, trace)
  VALUES (v_id, v_workspace, (s ->> 'workflow_id')::uuid, (s ->> 'version_id')::uuid, s ->> 'trigger', p_rule, p_lane,
          s -> 'hold' ->> 'key', CASE WHEN NOT v_is_batch THEN s -> 'input' END, (s ->> 'timeout_ms')::bigint,
          (s ->> 'vt')::bigint, (s ->> 'priority')::smallint, (s ->> 'bytes')::bigint, p_now, p_due, s ->> 'trace');
  IF v_is_batch THEN
    INSERT INTO pending_inputs (execution_id, place, workspace_id, input) VALUES (v_id, 1, v_workspace, s -> 'input');
  END IF;
  RETURN true;
END
$$;

-- As before (0022), with the trace.
CREATE OR REPLACE FUNCTION begin_pending_1(p_execution uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  p pending_starts;
BEGIN
  DELETE FROM pending_starts d WHERE d.execution_id = p_execution RETURNING d.* INTO p;
  IF p.rule = 'batch' THEN
    WITH gone AS (
      DELETE FROM pending_inputs i WHERE i.execution_id = p_execution RETURNING i.place, i.input
    )
    SELECT jsonb_agg(g.input ORDER BY g.place) INTO p.input FROM gone g;
  END IF;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at, trace)
  VALUES (p.execution_id, p.workspace_id, p.workflow_id, p.version_id, p.trigger_node_id, p.input,
          clock_timestamp() + p.timeout_ms * interval '1 millisecond', p.trace);
  PERFORM line_up_1(p.workspace_id, p.execution_id, p.vt, p.priority);
END
$$;

-- As before (0057), but that starts name the trace of their parent.
CREATE OR REPLACE FUNCTION family_1(p_family jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_front bigint := (SELECT f.vt FROM queue_front f);
  v_child uuid;
BEGIN
  IF p_family ? 'holds' THEN
    INSERT INTO held (workspace_id, workflow_id, execution_id, losses, throttle)
    SELECT h.workspace_id, h.workflow_id, h.execution_id, h.losses, h.throttle
      FROM jsonb_to_recordset(p_family -> 'holds') AS h (
             workspace_id uuid, workflow_id uuid, execution_id uuid, losses smallint, throttle jsonb)
     -- A signal came meanwhile: it goes on under its lease.
     WHERE (SELECT true FROM leases l WHERE l.execution_id = h.execution_id) IS NULL
     ORDER BY h.workspace_id, h.workflow_id, h.execution_id
    ON CONFLICT DO NOTHING;
    PERFORM hold_back_1(ARRAY(
      SELECT h.execution_id FROM jsonb_to_recordset(p_family -> 'holds') AS h (execution_id uuid, unbegun boolean)
       WHERE h.unbegun ORDER BY 1));
  END IF;
  IF p_family ? 'starts' THEN
    INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at, trace)
    SELECT s.child_id, s.workspace_id, s.workflow_id, s.version_id, s.trigger, coalesce(s.input, 'null'),
           clock_timestamp() + s.timeout_ms * interval '1 millisecond', s.trace
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, workflow_id uuid, version_id uuid, trigger text, input jsonb,
             timeout_ms bigint, trace text);
    INSERT INTO children (child_id, workspace_id, parent_id, node_id, scope, round, root_id, depth, signal, event_depth)
    SELECT s.child_id, s.workspace_id, s.parent_id, s.node_id, s.scope, coalesce(s.round, 0), s.root_id, s.depth, s.signal,
           event_depth_1(s.workspace_id, s.parent_id)
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, parent_id uuid, node_id text, scope text, round int, root_id uuid,
             depth smallint, signal text);
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT greatest(s.vt, v_front), s.child_id, s.workspace_id, true
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (vt bigint, child_id uuid, workspace_id uuid);
  END IF;
  IF p_family ? 'cancels' THEN
    WITH sent AS (
      INSERT INTO signals AS g (execution_id, signal_id, workspace_id, name, payload)
      SELECT c.child_id, c.signal_id, c.workspace_id, '$cancel', c.payload
        FROM jsonb_to_recordset(p_family -> 'cancels') AS c (
               child_id uuid, signal_id uuid, workspace_id uuid, payload jsonb)
       -- No join: it could be planned as a scan from the oldest execution to the newest.
       WHERE (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = c.child_id LIMIT 1)
      RETURNING g.execution_id, g.workspace_id
    )
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT v_front, sent.execution_id, sent.workspace_id, false FROM sent;
  END IF;
  IF p_family ? 'ends' THEN
    FOR v_child IN SELECT d.child_id FROM jsonb_to_recordset(p_family -> 'ends') AS d (child_id uuid) LOOP
      UPDATE children c SET event_depth = event_depth_1(c.workspace_id, c.child_id)
       WHERE c.child_id = v_child AND c.signal IS NOT NULL
         AND c.event_depth < event_depth_1(c.workspace_id, c.child_id);
    END LOOP;
    WITH sent AS (
      INSERT INTO signals AS g (execution_id, signal_id, workspace_id, name, payload)
      SELECT c.parent_id, d.signal_id, c.workspace_id, c.signal,
             jsonb_build_object('execution_id', d.child_id, 'status', e.status, 'error', e.error,
               'output', CASE WHEN e.bytes <= d.output_bytes_max THEN e.output END,
               'left_out', e.bytes > d.output_bytes_max)
        FROM jsonb_to_recordset(p_family -> 'ends') AS d (child_id uuid, signal_id uuid, output_bytes_max int)
       CROSS JOIN LATERAL (
               SELECT x.parent_id, x.workspace_id, x.signal FROM children x WHERE x.child_id = d.child_id LIMIT 1) AS c
       CROSS JOIN LATERAL (
               SELECT x.status, x.error, x.output, coalesce(octet_length(x.output::text), 0) AS bytes
                 FROM executions x WHERE x.execution_id = d.child_id LIMIT 1) AS e
       WHERE c.signal IS NOT NULL
         AND (SELECT p.ended_at IS NULL FROM executions p WHERE p.execution_id = c.parent_id LIMIT 1)
      RETURNING g.execution_id, g.workspace_id
    )
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT v_front, sent.execution_id, sent.workspace_id, false FROM sent;
  END IF;
END
$$;

-- As claim_2 (0057), with the trace of each execution: one column more, of a row that is read anyway. Tokens of executions that
-- are gone with their month are dropped as those of ended ones are.
CREATE FUNCTION claim_3(p_worker int, p_room int, p_bound bigint, p_suspect boolean)
RETURNS TABLE (
  execution_id uuid, workspace_id uuid, lease_no bigint, losses smallint, held_by int, fresh boolean, vt bigint,
  version_id uuid, trigger_node_id text, input text, created_at timestamptz, deadline_at timestamptz,
  incident boolean, claimed_at timestamptz, trace text
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
  v_turns boolean[];
  v_suspect tid[] := '{}';
  v_suspected uuid[];
  v_leases bigint[];
  v_holders int[];
  v_ended uuid[];
  v_now timestamptz;
  v_live int;
  v_is_new boolean;
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
    SELECT t.execution_id, t.workspace_id, bool_and(t.fresh) AS fresh, max(t.losses) AS losses, min(t.vt) AS vt,
           bool_or(t.losses = -1) AS turn
      FROM taken t GROUP BY t.execution_id, t.workspace_id ORDER BY t.execution_id
  )
  SELECT array_agg(m.execution_id), array_agg(m.workspace_id), array_agg(m.fresh), array_agg(m.losses), array_agg(m.vt),
         array_agg(m.turn)
    INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns FROM merged m;
  IF true = ANY (v_turns) THEN
    SELECT array_agg(t.execution_id ORDER BY t.execution_id), array_agg(t.workspace_id ORDER BY t.execution_id),
           array_agg(t.fresh ORDER BY t.execution_id), array_agg(t.losses ORDER BY t.execution_id),
           array_agg(t.vt ORDER BY t.execution_id)
      INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
      FROM take_turns_1(v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns) AS t;
  END IF;
  IF false = ANY (v_fresh) OR true = ANY (v_turns) THEN
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
  -- What begins is hardly ever leased yet, and a lease that expects no other costs a third less.
  v_is_new := true = ALL (v_fresh);
  IF v_is_new THEN
    BEGIN
      WITH leased AS (
        INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
        SELECT v_ids[n], v_workspaces[n], p_worker, nextval('lease_numbers'), v_losses[n]
          FROM generate_series(1, cardinality(v_ids)) AS n
        RETURNING l.execution_id, l.lease_no, l.losses, l.claimed_at
      ), sorted AS (
        SELECT * FROM leased ORDER BY leased.execution_id
      )
      SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(NULL::int), max(s.claimed_at)
        INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
    EXCEPTION WHEN unique_violation THEN
      v_is_new := false;
    END;
  END IF;
  IF NOT v_is_new THEN
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
  END IF;
  IF false = ANY (v_fresh) THEN
    -- Only of executions whose lease is had: nobody else can have their rows locked.
    UPDATE executions e
       SET begun = true, begun_at = CASE WHEN e.begun_at = 'infinity' THEN v_now ELSE e.begun_at END
     WHERE e.execution_id = ANY (ARRAY(
             SELECT v_ids[n] FROM generate_series(1, cardinality(v_ids)) AS n
              WHERE NOT v_fresh[n] AND v_holders[n] IS NULL))
       AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
       AND (NOT e.begun OR e.begun_at = 'infinity') AND e.ended_at IS NULL
       AND (SELECT true FROM journal j
             WHERE j.execution_id = e.execution_id
               AND j.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) IS NULL;
  END IF;
  -- Only a statement after the one that waited for the leases sees what their last holders committed. No join: it could
  -- be planned, on tables that look empty, as a scan from the oldest execution to the newest.
  RETURN QUERY
  SELECT e.execution_id, e.workspace_id, v_leases[e.n], v_losses[e.n], v_holders[e.n], v_fresh[e.n] AND NOT e.begun,
         v_vts[e.n], e.version_id, e.trigger_node_id, e.input::text,
         coalesce(nullif(e.begun_at, 'infinity'), e.created_at), e.deadline_at,
         e.status = 'incident', v_now, e.trace
    FROM (SELECT x.execution_id, x.workspace_id, x.version_id, x.trigger_node_id, x.input, x.created_at, x.begun_at,
                 x.deadline_at, x.status, x.trace, x.begun, width_bucket(x.execution_id, v_ids) AS n
            FROM executions x
           WHERE x.execution_id = ANY (v_ids) AND x.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
             AND x.ended_at IS NULL
          OFFSET 0) AS e; -- OFFSET 0: the place is found once
  GET DIAGNOSTICS v_live = ROW_COUNT;
  IF v_live < cardinality(v_ids) THEN
    v_ended := ARRAY(
      SELECT t.id FROM unnest(v_ids) AS t (id)
       WHERE (SELECT e.ended_at IS NULL FROM executions e
               WHERE e.execution_id = t.id
                 AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]) IS NOT TRUE);
    DELETE FROM leases l WHERE l.execution_id = ANY (v_ended) AND l.worker_no = p_worker AND NOT l.woken;
    DELETE FROM signals s WHERE s.execution_id = ANY (v_ended);
  END IF;
END
$$;

-- As hand_out_1 (0031), with the trace that each event belongs to.
CREATE FUNCTION hand_out_2(
  p_source text, p_lease bigint, p_xid text, p_event uuid, p_deadline_hours int,
  v_workspaces uuid[], v_events uuid[], v_types text[], v_bodies text[], v_traces text[],
  d_events int[], d_endpoints uuid[], d_ids uuid[]
) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE webhook_cursors c SET xid = p_xid::xid8, event_id = p_event, moved_at = clock_timestamp()
   WHERE c.source = p_source AND c.lease_no = p_lease;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF cardinality(d_ids) = 0 THEN
    RETURN true;
  END IF;
  INSERT INTO webhook_events (workspace_id, event_id, type, body, trace)
  SELECT v_workspaces[n], v_events[n], v_types[n], v_bodies[n], v_traces[n] FROM generate_series(1, cardinality(v_events)) AS n
  ON CONFLICT (workspace_id, event_id) DO NOTHING;
  PERFORM FROM webhook_lanes l
    WHERE (l.workspace_id, l.endpoint_id) IN (
      SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
    ORDER BY l.workspace_id, l.endpoint_id FOR NO KEY UPDATE;
  INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at)
  SELECT v_workspaces[d_events[n]], d_ids[n], d_endpoints[n], v_events[d_events[n]], v_types[d_events[n]],
         clock_timestamp() + make_interval(hours => p_deadline_hours)
    FROM generate_series(1, cardinality(d_ids)) AS n
  ON CONFLICT (workspace_id, endpoint_id, event_id) DO NOTHING;
  UPDATE webhook_lanes l SET due_at = greatest(clock_timestamp(), l.rests_until)
   WHERE (l.workspace_id, l.endpoint_id) IN (
           SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
     AND l.due_at > greatest(clock_timestamp(), l.rests_until);
  RETURN true;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION start_2(uuid[], uuid[], uuid[], uuid[], text[], text[], bigint[], bigint[], bytea[], bytea[], text[])
    OWNER TO capstan_worker;
  ALTER FUNCTION restart_2(uuid, uuid, uuid, bigint, int[], bytea, bytea, text) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION restart_2(uuid, uuid, uuid, bigint, int[], bytea, bytea, text),
  start_2(uuid[], uuid[], uuid[], uuid[], text[], text[], bigint[], bigint[], bytea[], bytea[], text[]),
  claim_3(int, int, bigint, boolean),
  hand_out_2(text, bigint, text, uuid, int, uuid[], uuid[], text[], text[], text[], int[], uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  start_2(uuid[], uuid[], uuid[], uuid[], text[], text[], bigint[], bigint[], bytea[], bytea[], text[]) TO capstan_starter;
GRANT EXECUTE ON FUNCTION restart_2(uuid, uuid, uuid, bigint, int[], bytea, bytea, text) TO capstan_api;
GRANT EXECUTE ON FUNCTION claim_3(int, int, bigint, boolean),
  hand_out_2(text, bigint, text, uuid, int, uuid[], uuid[], text[], text[], text[], int[], uuid[], uuid[]) TO capstan_worker;
