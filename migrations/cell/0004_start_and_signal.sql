-- What comes in from outside: starts and signals. Each is one round trip, in autocommit.

-- Starts executions, all arrays in step. A null in `p_keys` means no idempotency key.
-- Answers one row for each item: `started`, `replayed` (same key, same request: the first one's id) or
-- `conflict` (same key, another request). Locks: idempotency keys in key order. No index is scanned to insert.
CREATE FUNCTION start_1(
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
  SELECT i.id, i.workspace_id, i.workflow_id, i.version_id, i.trigger_id, i.input::jsonb,
         clock_timestamp() + i.timeout_ms * interval '1 millisecond'
    FROM unnest(p_ids, p_workspaces, p_workflows, p_versions, p_triggers, p_inputs, p_timeouts_ms)
         WITH ORDINALITY AS i (id, workspace_id, workflow_id, version_id, trigger_id, input, timeout_ms, n)
   WHERE i.n <> ALL (v_refused);

  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT greatest(i.vt, v_front), i.id, i.workspace_id, true
    FROM unnest(p_ids, p_workspaces, p_vts) WITH ORDINALITY AS i (id, workspace_id, vt, n)
   WHERE i.n <> ALL (v_refused);

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

-- Sends a signal to an execution of the workspace: the signal and a wake token, in one commit.
-- Answers `accepted`, `ended`, `unknown`, `full` (too many signals wait already) or `conflict` (the id was used for
-- another signal; the caller rolls back).
-- A repeated signal id is accepted and changes nothing: one that was consumed is known to the execution's journal.
CREATE FUNCTION signal_1(
  p_workspace uuid, p_execution uuid, p_signal uuid, p_name text, p_payload text, p_pending_max int
) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
  v_ended boolean;
  v_payload jsonb := p_payload::jsonb;
BEGIN
  SELECT e.ended_at IS NOT NULL INTO v_ended
    FROM executions e WHERE e.execution_id = p_execution AND e.workspace_id = p_workspace;
  IF NOT FOUND THEN
    RETURN 'unknown';
  ELSIF v_ended THEN
    RETURN 'ended';
  ELSIF (SELECT count(*) FROM signals s
          WHERE s.execution_id = p_execution AND s.workspace_id = p_workspace AND s.signal_id <> p_signal)
        >= p_pending_max THEN
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

-- Takes a slice of this month's quota of a workspace for a process to spend in memory: at most `p_units`, and a tenth
-- of what is left, so that slices shrink as the rest does. Never grants beyond 120 % of `units_max`; a workspace
-- without a counter is counted and not limited. Answers the units granted; zero is a refusal. One row, by key.
CREATE FUNCTION take_slice_1(p_workspace uuid, p_meter text, p_units bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_period date := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date;
  v_counter quota_counters;
  v_rest bigint;
  v_units bigint := p_units;
BEGIN
  INSERT INTO quota_counters (workspace_id, meter, period) VALUES (p_workspace, p_meter, v_period)
  ON CONFLICT DO NOTHING;
  SELECT q.* INTO v_counter FROM quota_counters q
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period FOR UPDATE;
  IF v_counter.units_max IS NOT NULL THEN
    v_rest := greatest(v_counter.units_max * 12 / 10 - v_counter.granted, 0);
    v_units := least(p_units, v_rest, greatest(v_rest / 10, 1));
  END IF;
  IF v_units > 0 THEN
    UPDATE quota_counters q SET granted = q.granted + v_units, updated_at = clock_timestamp()
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period;
  END IF;
  RETURN v_units;
END
$$;

-- Returns the unspent part of a slice taken this month.
CREATE FUNCTION return_slice_1(p_workspace uuid, p_meter text, p_units bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE quota_counters q SET granted = greatest(q.granted - p_units, 0), updated_at = clock_timestamp()
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter
     AND q.period = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
$$;
