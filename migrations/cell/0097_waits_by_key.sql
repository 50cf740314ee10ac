-- A wait was found by whatever index begins with its workspace, where the planner knew next to nothing of the table: with figures
-- from when it held one row, an event for ten thousand waits read each of them ten thousand times. Now the key is named.

-- As before (0027). Locks: the waits in the order of their ids. The order of the first statement names event_waits_pkey, as nothing may
-- be sorted; the others say the step, too, so that event_waits_step_key is as good, and leave out the status, whose index is not:
-- open is what is not closed. Uses the keys of executions and signals.
CREATE OR REPLACE FUNCTION match_event_2(
  p_workspace uuid, p_event text, p_depth int, p_waits uuid[], p_signals text[], p_pending_max int
) RETURNS TABLE (wait_id uuid, verdict text)
LANGUAGE plpgsql
SET enable_sort = off
AS $$
#variable_conflict use_column
DECLARE
  v_execution uuid;
  v_node text;
  v_scope text;
  v_ended boolean;
  v_of_name bigint;
  v_event jsonb := p_event::jsonb;
BEGIN
  FOR n IN 1 .. cardinality(p_waits) LOOP
    SELECT w.execution_id, w.node_id, w.scope INTO v_execution, v_node, v_scope FROM event_waits w
     WHERE w.workspace_id = p_workspace AND w.wait_id >= p_waits[n] AND w.wait_id <= p_waits[n] AND w.closed_at IS NULL
     ORDER BY w.wait_id LIMIT 1 FOR UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    SELECT e.ended_at IS NOT NULL INTO v_ended
      FROM executions e WHERE e.execution_id = v_execution AND e.workspace_id = p_workspace;
    IF v_ended IS NOT FALSE THEN
      UPDATE event_waits w SET status = 'cancelled', closed_at = clock_timestamp()
       WHERE w.workspace_id = p_workspace AND w.execution_id = v_execution AND w.node_id = v_node AND w.scope = v_scope
         AND w.wait_id = p_waits[n];
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
     WHERE w.workspace_id = p_workspace AND w.execution_id = v_execution AND w.node_id = v_node AND w.scope = v_scope
       AND w.wait_id = p_waits[n];
    RETURN QUERY SELECT p_waits[n], 'matched';
  END LOOP;
END
$$;
