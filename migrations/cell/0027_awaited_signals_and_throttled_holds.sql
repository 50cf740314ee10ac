-- Signals that no step takes kept out the one that a step waits for: two hundred of other names, and the execution could
-- only be cancelled. What is awaited has room of its own.

-- As signal_1, but that the bound on signals of all names holds neither for signals of our own, which go to one step that
-- waits for them, nor for a name that a step waits for: of each name at most `p_pending_max` wait then, too. Whether a step
-- waits is looked for only where the bound is reached: in the journal, by its key.
CREATE FUNCTION signal_2(
  p_workspace uuid, p_execution uuid, p_signal uuid, p_name text, p_payload text, p_pending_max int
) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  v_ended boolean;
  v_waiting bigint;
  v_of_name bigint;
  v_payload jsonb := p_payload::jsonb;
BEGIN
  SELECT e.ended_at IS NOT NULL INTO v_ended
    FROM executions e WHERE e.execution_id = p_execution AND e.workspace_id = p_workspace;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF v_ended THEN
    RETURN 'ended';
  END IF;
  SELECT count(*), count(*) FILTER (WHERE s.name = p_name) INTO v_waiting, v_of_name
    FROM signals s
   WHERE s.execution_id = p_execution AND s.workspace_id = p_workspace AND s.signal_id <> p_signal;
  IF v_of_name >= p_pending_max
     OR (v_waiting >= 2 * p_pending_max AND p_name NOT LIKE '$%' AND NOT is_awaited_1(p_workspace, p_execution, p_name)) THEN
    RETURN 'full';
  END IF;
  INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
  VALUES (p_execution, p_signal, p_workspace, p_name, v_payload)
  ON CONFLICT DO NOTHING;
  -- The same id with something else in it, still waiting or consumed before: nothing of this call stays.
  IF (SELECT s.payload <> v_payload OR s.name <> p_name FROM signals s
       WHERE s.execution_id = p_execution AND s.signal_id = p_signal AND s.workspace_id = p_workspace)
     OR (SELECT j.output <> v_payload FROM journal j
          WHERE j.execution_id = p_execution AND j.workspace_id = p_workspace AND j.kind = 'signalled'
            AND j.detail ->> 'signal_id' = p_signal::text LIMIT 1) THEN
    RETURN 'conflict';
  END IF;
  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT f.vt, p_execution, p_workspace, false FROM queue_front f;
  RETURN 'accepted';
END
$$;

-- Whether a step of the execution waits for a signal of that name: the last that its journal tells of the step is that wait.
CREATE FUNCTION is_awaited_1(p_workspace uuid, p_execution uuid, p_name text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
  SELECT EXISTS (
    SELECT FROM journal j
     WHERE j.execution_id = p_execution AND j.workspace_id = p_workspace AND j.kind = 'waiting'
       AND j.detail ->> 'signal' = p_name
       AND (SELECT true FROM journal l
             WHERE l.execution_id = p_execution AND l.workspace_id = p_workspace AND l.position > j.position
               AND l.node_id = j.node_id AND l.scope = j.scope LIMIT 1) IS NULL)
$$;

-- As before, but that signals which nobody takes keep no event out: the name of its signal is that of one step.
CREATE OR REPLACE FUNCTION match_event_2(
  p_workspace uuid, p_event text, p_depth int, p_waits uuid[], p_signals text[], p_pending_max int
) RETURNS TABLE (wait_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_execution uuid;
  v_ended boolean;
  v_of_name bigint;
  v_event jsonb := p_event::jsonb;
BEGIN
  FOR n IN 1 .. cardinality(p_waits) LOOP
    SELECT w.execution_id INTO v_execution FROM event_waits w
     WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n] AND w.status = 'open' FOR UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    SELECT e.ended_at IS NOT NULL INTO v_ended
      FROM executions e WHERE e.execution_id = v_execution AND e.workspace_id = p_workspace;
    IF v_ended IS NOT FALSE THEN
      UPDATE event_waits w SET status = 'cancelled', closed_at = clock_timestamp()
       WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    SELECT count(*) INTO v_of_name
      FROM signals s WHERE s.execution_id = v_execution AND s.workspace_id = p_workspace AND s.name = p_signals[n];
    IF v_of_name >= p_pending_max THEN
      RETURN QUERY SELECT p_waits[n], 'full';
      CONTINUE;
    END IF;
    INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
    VALUES (v_execution, p_waits[n], p_workspace, p_signals[n], v_event);
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT f.vt, v_execution, p_workspace, false FROM queue_front f;
    UPDATE event_waits w
       SET status = 'matched', event = v_event, depth = p_depth, signalled = true, closed_at = clock_timestamp()
     WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
    RETURN QUERY SELECT p_waits[n], 'matched';
  END LOOP;
END
$$;

-- Starts that a throttle let in one after the other and a pause held up came all at once when it ended. Now what has not begun
-- takes a slot of its throttle anew: behind what has one already.

-- The throttle that an execution goes by which has not begun: `key`, `interval_us` and `burst`, as a start has them.
ALTER TABLE held ADD COLUMN throttle jsonb;

-- As before, but that holds may name their throttle.
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

-- The next slots of throttles of a workflow, for those that come with one, in their order; null for one that may begin at
-- once. Locks, as a start does: an advisory lock for each key, in the order of their numbers. Uses the key of flow_rates.
CREATE FUNCTION slots_1(p_workspace uuid, p_workflow uuid, p_throttles jsonb[]) RETURNS timestamptz[]
LANGUAGE plpgsql
AS $$
DECLARE
  v_now timestamptz;
  v_slot record;
  v_throttle jsonb;
  v_dues timestamptz[] := '{}';
BEGIN
  PERFORM pg_advisory_xact_lock(l.number)
     FROM (SELECT DISTINCT hashtextextended(
                    concat_ws('#', current_schema(), p_workspace, p_workflow, 'throttle', t ->> 'key'), 0) AS number
             FROM unnest(p_throttles) AS t WHERE t IS NOT NULL ORDER BY 1 OFFSET 0) AS l;
  v_now := clock_timestamp();
  FOR n IN 1..coalesce(cardinality(p_throttles), 0) LOOP
    v_throttle := p_throttles[n];
    IF v_throttle IS NULL THEN
      v_dues := v_dues || NULL::timestamptz;
      CONTINUE;
    END IF;
    SELECT g.start_at, g.next_at INTO v_slot
      FROM gcra_1((SELECT r.next_at FROM flow_rates r
                    WHERE r.workspace_id = p_workspace AND r.workflow_id = p_workflow AND r.rule = 'throttle'
                      AND r.key = v_throttle ->> 'key'),
                  v_now, (v_throttle ->> 'interval_us')::bigint, (v_throttle ->> 'burst')::bigint) AS g;
    INSERT INTO flow_rates (workspace_id, workflow_id, rule, key, next_at)
    VALUES (p_workspace, p_workflow, 'throttle', v_throttle ->> 'key', v_slot.next_at)
    ON CONFLICT ON CONSTRAINT flow_rates_pkey DO UPDATE SET next_at = excluded.next_at;
    v_dues := v_dues || CASE WHEN v_slot.start_at > v_now THEN v_slot.start_at END;
  END LOOP;
  RETURN v_dues;
END
$$;

-- As release_held_1, but that what goes by a throttle gets a timer at its next slot in the place of a token.
CREATE FUNCTION release_held_2(
  p_workspace uuid, p_workflow uuid, p_groups int, p_bite int, p_vt bigint, p_cost bigint,
  OUT released int, OUT vt bigint, OUT workspace_id uuid, OUT workflow_id uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := p_workspace;
  v_workflow uuid := p_workflow;
  v_last bigint := p_vt;
  v_ids uuid[];
  v_losses smallint[];
  v_throttles jsonb[];
  v_dues timestamptz[];
BEGIN
  released := 0;
  vt := p_vt;
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#held'), 0) THEN
    RETURN;
  END IF;
  workspace_id := p_workspace;
  workflow_id := p_workflow;
  FOR n IN 1..p_groups LOOP
    SELECT h.workspace_id, h.workflow_id INTO v_workspace, v_workflow FROM held h
     WHERE (h.workspace_id, h.workflow_id) > (v_workspace, v_workflow)
     ORDER BY h.workspace_id, h.workflow_id LIMIT 1;
    IF NOT FOUND THEN
      workspace_id := NULL;
      workflow_id := NULL;
      RETURN;
    END IF;
    -- Only those of one workspace stand in line behind each other.
    IF v_workspace <> workspace_id THEN
      workspace_id := v_workspace;
      workflow_id := '00000000-0000-0000-0000-000000000000';
      v_last := 0;
    END IF;
    IF (SELECT true FROM pauses p
         WHERE p.workspace_id = v_workspace AND p.workflow_id IN (v_workflow, '00000000-0000-0000-0000-000000000000')
         LIMIT 1) IS NULL THEN
      WITH picked AS MATERIALIZED (
        SELECT h.ctid AS tid FROM held h
         WHERE h.workspace_id = v_workspace AND h.workflow_id = v_workflow
         ORDER BY h.execution_id LIMIT p_bite FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM held h WHERE h.ctid = ANY (ARRAY(SELECT p.tid FROM picked p))
        RETURNING h.execution_id, h.losses, h.throttle
      )
      SELECT array_agg(g.execution_id ORDER BY g.execution_id), array_agg(g.losses ORDER BY g.execution_id),
             array_agg(g.throttle ORDER BY g.execution_id), count(*)
        INTO v_ids, v_losses, v_throttles, released FROM gone g;
      v_dues := slots_1(v_workspace, v_workflow, v_throttles);
      INSERT INTO timers AS t (execution_id, workspace_id, due_at)
      SELECT v_ids[n], v_workspace, v_dues[n] FROM generate_series(1, cardinality(v_ids)) AS n
       WHERE v_dues[n] IS NOT NULL
      ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
      WITH stamped AS (
        INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
        SELECT greatest((SELECT f.vt FROM queue_front f), v_last) + row_number() OVER (ORDER BY n) * p_cost,
               v_ids[n], v_workspace, false, v_losses[n]
          FROM generate_series(1, cardinality(v_ids)) AS n WHERE v_dues[n] IS NULL
        RETURNING queue.vt
      )
      SELECT coalesce(max(s.vt), v_last) INTO vt FROM stamped s;
      IF released > 0 THEN
        -- The same workflow again: it may have more.
        RETURN;
      END IF;
    END IF;
    workflow_id := v_workflow;
    vt := v_last;
  END LOOP;
END
$$;

-- Lets go of the graph of the trial of a workflow that was not used for longest, at least for `p_unused_s`, and of which no
-- execution is left that has not ended; answers whether there was one. Looks at `p_candidates` trials, and at `p_look`
-- executions of the time of each: if there were more, it may be one of these. Of the workspace of this transaction. Uses
-- trial_versions_digest and executions_workspace.
CREATE FUNCTION forget_trial_1(p_workflow uuid, p_unused_s int, p_candidates int, p_look int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  t record;
  v_seen bigint;
  v_is_live boolean;
BEGIN
  FOR t IN
    SELECT o.version_id, o.created_at, o.used_at FROM trial_versions o
     WHERE o.workspace_id = v_workspace AND o.workflow_id = p_workflow AND o.graph IS NOT NULL
       AND o.used_at < clock_timestamp() - make_interval(secs => p_unused_s)
     ORDER BY o.used_at LIMIT p_candidates
  LOOP
    SELECT count(*), bool_or(x.version_id = t.version_id AND x.ended_at IS NULL) INTO v_seen, v_is_live
      FROM (SELECT e.version_id, e.ended_at FROM executions e
             WHERE e.workspace_id = v_workspace
               AND e.execution_id >= uuid_floor_1(t.created_at - interval '1 hour')
               AND e.execution_id < uuid_floor_1(t.used_at + interval '1 hour') LIMIT p_look) AS x;
    CONTINUE WHEN v_seen >= p_look OR v_is_live;
    UPDATE trial_versions o SET graph = NULL
     WHERE o.workspace_id = v_workspace AND o.version_id = t.version_id AND o.graph IS NOT NULL
       AND o.used_at = t.used_at;
    IF FOUND THEN
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END
$$;

DO $$
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', current_schema());
  ALTER FUNCTION forget_trial_1(uuid, int, int, int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', current_schema());
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION signal_2(uuid, uuid, uuid, text, text, int), is_awaited_1(uuid, uuid, text)
  TO capstan_api, capstan_worker;
GRANT EXECUTE ON FUNCTION release_held_2(uuid, uuid, int, int, bigint, bigint), slots_1(uuid, uuid, jsonb[])
  TO capstan_worker;
GRANT EXECUTE ON FUNCTION forget_trial_1(uuid, int, int, int) TO capstan_api;
