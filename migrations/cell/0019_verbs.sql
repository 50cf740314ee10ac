-- What persons ask of executions: how an incident goes on, and that a step is tried again at once.

-- Rows of before are of fewer kinds.
ALTER TABLE journal DROP CONSTRAINT journal_kind;
ALTER TABLE journal ADD CONSTRAINT journal_kind CHECK (kind IN (
  'waiting', 'attempt_failed', 'opened', 'expired', 'started', 'signalled', 'settled', 'cancelled', 'timed_out', 'poisoned',
  'resolved', 'hastened')) NOT VALID;

-- Resolves an incident of the workspace of this transaction: from here on it is one no more, so that nobody else resolves it,
-- and the order is on its way, with a wake token. Orders that a worker of before left behind go. Answers false if it is no
-- incident. Locks: the row of the execution. Uses the keys of executions and signals.
CREATE FUNCTION resolve_1(p_execution uuid, p_signal uuid, p_name text, p_payload text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
BEGIN
  UPDATE executions e SET status = 'queued', error = NULL
   WHERE e.execution_id = p_execution AND e.workspace_id = v_workspace AND e.status = 'incident';
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM signals s WHERE s.execution_id = p_execution AND s.name = p_name;
  INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
  VALUES (p_execution, p_signal, v_workspace, p_name, p_payload::jsonb);
  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT f.vt, p_execution, v_workspace, false FROM queue_front f;
  RETURN true;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION resolve_1(uuid, uuid, text, text) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION resolve_1(uuid, uuid, text, text) TO capstan_api;
