-- Restart: a new execution whose journal begins with entries of another one.

ALTER TABLE executions ADD COLUMN restart_of uuid;

-- Starts an execution of `p_version` with trigger and input of `p_old`, which has ended or is an incident, and with copies of
-- its journal entries at `p_positions`, in that order. They carry no lease (0): nobody did anything. A repeated key answers the
-- execution that it had started; with another request it is refused. Answers nothing if the workspace of this transaction
-- has no such execution. Uses the keys of idempotency_keys, executions and journal.
CREATE FUNCTION restart_1(
  p_id uuid, p_old uuid, p_version uuid, p_timeout_ms bigint, p_positions int[], p_key bytea, p_request bytea
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

  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at, restart_of)
  SELECT p_id, e.workspace_id, e.workflow_id, p_version, e.trigger_node_id, e.input,
         clock_timestamp() + p_timeout_ms * interval '1 millisecond', e.execution_id
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

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION restart_1(uuid, uuid, uuid, bigint, int[], bytea, bytea) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION restart_1(uuid, uuid, uuid, bigint, int[], bytea, bytea) TO capstan_api;
