-- A signal that met an execution just as it came to its end stayed behind for ever: its token had been taken to wake the
-- lease, and the worker that ended the execution had not looked yet.

-- Signals go with an end if the lease was woken; a later statement than the one that had the lease sees them.
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
  v_late uuid[] := '{}';
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
    ), timed AS (
      INSERT INTO timers AS t (execution_id, workspace_id, due_at)
      SELECT k.id, gone.workspace_id, k.due_at
        FROM unnest(v_parks, k_dues) AS k (id, due_at) JOIN gone ON gone.execution_id = k.id
       WHERE k.due_at IS NOT NULL ORDER BY k.id
      ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at
    )
    SELECT coalesce(array_agg(g.execution_id), '{}') INTO v_late FROM gone g
     WHERE g.woken AND e_statuses[width_bucket(g.execution_id, v_ends)] <> 'incident';
    RETURN QUERY SELECT l.execution_id, 'woken' FROM leases l WHERE l.execution_id = ANY (v_parks);
  ELSIF cardinality(e_x) > 0 THEN
    WITH gone AS (
      DELETE FROM leases l WHERE l.execution_id = ANY (v_ends) RETURNING l.execution_id, l.woken
    )
    SELECT coalesce(array_agg(g.execution_id), '{}') INTO v_late FROM gone g WHERE g.woken;
  END IF;
  IF cardinality(v_late) > 0 THEN
    DELETE FROM signals s WHERE s.execution_id = ANY (v_late);
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

-- What has stayed behind so far.
DELETE FROM signals s
 WHERE (SELECT e.ended_at FROM executions e WHERE e.execution_id = s.execution_id) IS NOT NULL;
