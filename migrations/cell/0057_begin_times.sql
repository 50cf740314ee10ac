-- What a throttle, a limit or a pause holds back before its first step counts the times of its first steps from when it is let
-- begin, not from when its start was accepted.

SET LOCAL lock_timeout = '200ms';

-- When an execution was let begin that had been held back; `infinity` while it is. Null: it began when it was created.
ALTER TABLE executions ADD COLUMN begun_at timestamptz;

-- Notes that those of these executions, whose ids ascend, that have no journal yet are held back. The caller has parked them,
-- and knows that nobody has attempted a step of theirs: one that was attempted has the same times in its next attempt.
-- Uses keys throughout, within the months of the ids.
CREATE FUNCTION hold_back_1(p_ids uuid[]) RETURNS void
LANGUAGE sql
AS $$
  UPDATE executions e SET begun_at = 'infinity'
   WHERE e.execution_id = ANY (p_ids)
     AND e.execution_id BETWEEN p_ids[1] AND p_ids[cardinality(p_ids)]
     AND e.begun_at IS DISTINCT FROM 'infinity' AND e.ended_at IS NULL
     AND (SELECT true FROM leases l WHERE l.execution_id = e.execution_id) IS NULL
     AND (SELECT true FROM journal j WHERE j.execution_id = e.execution_id LIMIT 1) IS NULL
$$;
REVOKE ALL ON FUNCTION hold_back_1(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hold_back_1(uuid[]) TO capstan_worker;

-- As before, but that what begins later is held back until then.
CREATE OR REPLACE FUNCTION begin_start_1(s jsonb, p_at timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_id uuid := s ->> 'execution_id';
  v_workspace uuid := s ->> 'workspace_id';
BEGIN
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at,
                          begun_at)
  VALUES (v_id, v_workspace, (s ->> 'workflow_id')::uuid, (s ->> 'version_id')::uuid, s ->> 'trigger', s -> 'input',
          coalesce(p_at, clock_timestamp()) + (s ->> 'timeout_ms')::bigint * interval '1 millisecond',
          CASE WHEN p_at IS NOT NULL THEN timestamptz 'infinity' END);
  IF p_at IS NULL THEN
    PERFORM line_up_1(v_workspace, v_id, (s ->> 'vt')::bigint, (s ->> 'priority')::smallint);
  ELSE
    INSERT INTO timers (execution_id, workspace_id, due_at) VALUES (v_id, v_workspace, p_at);
  END IF;
END
$$;

-- As before, but that who comes to stand in line before it has begun is held back.
CREATE OR REPLACE FUNCTION pass_gates_1(p_workspace uuid, p_judged jsonb) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_tokens uuid[] := ARRAY(SELECT jsonb_array_elements_text(p_judged -> 'tokens')::uuid);
  v_parks uuid[] := ARRAY(SELECT (p ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'parks') AS p
                           ORDER BY 1);
BEGIN
  DELETE FROM gated g
   WHERE g.execution_id = ANY (v_tokens
           || ARRAY(SELECT (s ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'slots') AS s)
           || ARRAY(SELECT (w ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'waits') AS w));
  INSERT INTO slots (workspace_id, gate, execution_id)
  SELECT p_workspace, s.gate, s.execution_id
    FROM jsonb_to_recordset(p_judged -> 'slots') AS s (gate text, execution_id uuid)
  ON CONFLICT DO NOTHING;
  INSERT INTO gated (workspace_id, gate, vt, execution_id, gates, key_max, created_at)
  SELECT p_workspace, w.gate, w.vt, w.execution_id, w.gates, w.key_max, coalesce(w.since, clock_timestamp())
    FROM jsonb_to_recordset(p_judged -> 'waits') AS w (
           gate text, vt bigint, execution_id uuid, gates text[], key_max int, since timestamptz);
  IF cardinality(v_tokens) > 0 THEN
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT (SELECT f.vt FROM queue_front f), t, p_workspace, false FROM unnest(v_tokens) AS t;
  END IF;
  IF cardinality(v_parks) > 0 THEN
    WITH gone AS (
      DELETE FROM leases l WHERE l.execution_id = ANY (v_parks) AND NOT l.woken RETURNING l.execution_id
    )
    INSERT INTO timers AS t (execution_id, workspace_id, due_at)
    SELECT p.execution_id, p_workspace, p.due_at
      FROM jsonb_to_recordset(p_judged -> 'parks') AS p (execution_id uuid, due_at timestamptz)
      JOIN gone ON gone.execution_id = p.execution_id
     WHERE p.due_at IS NOT NULL ORDER BY p.execution_id
    ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
    PERFORM hold_back_1(ARRAY(
      SELECT p.execution_id FROM jsonb_to_recordset(p_judged -> 'parks') AS p (execution_id uuid, unbegun boolean)
       WHERE p.unbegun ORDER BY 1));
    RETURN QUERY SELECT l.execution_id FROM leases l WHERE l.execution_id = ANY (v_parks);
  END IF;
END
$$;

-- As before, but that what is held up before it has begun is held back.
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
    INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
    SELECT s.child_id, s.workspace_id, s.workflow_id, s.version_id, s.trigger, coalesce(s.input, 'null'),
           clock_timestamp() + s.timeout_ms * interval '1 millisecond'
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, workflow_id uuid, version_id uuid, trigger text, input jsonb,
             timeout_ms bigint);
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

-- As before, but that what was held back begins with its claim; its `created_at` is that time then.
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
         e.status = 'incident', v_now
    FROM (SELECT x.execution_id, x.workspace_id, x.version_id, x.trigger_node_id, x.input, x.created_at, x.begun_at,
                 x.deadline_at, x.status, x.begun, width_bucket(x.execution_id, v_ids) AS n
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
