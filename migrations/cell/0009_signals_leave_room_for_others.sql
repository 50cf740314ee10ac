-- Signals that no step takes left no room for the one that a step waits for, nor for a cancel. Now at most
-- `p_pending_max` of one name wait and twice as many of all names, and a cancel finds room beside them.
CREATE OR REPLACE FUNCTION signal_1(
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
  IF v_of_name >= p_pending_max OR (v_waiting >= 2 * p_pending_max AND p_name <> '$cancel') THEN
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
