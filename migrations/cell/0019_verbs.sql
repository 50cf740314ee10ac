-- What persons ask of executions: how an incident goes on, that a step is tried again at once, and that one
-- is held up for a while.

-- Rows of before are of fewer kinds.
ALTER TABLE journal DROP CONSTRAINT journal_kind;
ALTER TABLE journal ADD CONSTRAINT journal_kind CHECK (kind IN (
  'waiting', 'attempt_failed', 'opened', 'expired', 'started', 'signalled', 'settled', 'cancelled', 'timed_out', 'poisoned',
  'resolved', 'hastened', 'paused', 'resumed')) NOT VALID;

ALTER TABLE executions DROP CONSTRAINT executions_status;
ALTER TABLE executions ADD CONSTRAINT executions_status
  CHECK (status IN ('queued', 'paused', 'incident', 'completed', 'failed', 'cancelled')) NOT VALID;
ALTER TABLE executions DROP CONSTRAINT executions_ended;
ALTER TABLE executions ADD CONSTRAINT executions_ended
  CHECK ((ended_at IS NULL) = (status IN ('queued', 'paused', 'incident'))) NOT VALID;

-- Jobs give such orders, too.
ALTER TABLE bulk_jobs DROP CONSTRAINT bulk_jobs_verb;
ALTER TABLE bulk_jobs ADD CONSTRAINT bulk_jobs_verb
  CHECK (verb IN ('cancel', 'restart', 'signal', 'retry_now', 'pause', 'resume'));

-- Gives an order to an execution of the workspace of this transaction. From here on it stands otherwise, paused or not, so
-- that nobody else gives the same order, and the order is on its way, with a wake token. What an older worker left behind of
-- the same order goes. Answers `accepted`, or the status that does not fit the order, or null if there is no such execution.
-- Locks: the row of the execution. Uses the keys of executions and signals.
CREATE FUNCTION order_1(p_execution uuid, p_signal uuid, p_name text, p_payload text, p_paused boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  v_from text := CASE p_name WHEN '$resolve' THEN 'incident' WHEN '$pause' THEN 'queued' WHEN '$resume' THEN 'paused' END;
BEGIN
  UPDATE executions e SET status = CASE WHEN p_paused THEN 'paused' ELSE 'queued' END, error = NULL
   WHERE e.execution_id = p_execution AND e.workspace_id = v_workspace AND e.status = v_from;
  IF NOT FOUND THEN
    RETURN (SELECT e.status FROM executions e WHERE e.execution_id = p_execution AND e.workspace_id = v_workspace);
  END IF;
  -- What a worker consumes at this moment is not waited for.
  DELETE FROM signals s WHERE s.execution_id = p_execution AND s.signal_id = ANY (ARRAY(
    SELECT o.signal_id FROM signals o WHERE o.execution_id = p_execution AND o.name = p_name FOR UPDATE SKIP LOCKED));
  INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
  VALUES (p_execution, p_signal, v_workspace, p_name, p_payload::jsonb);
  INSERT INTO queue (vt, execution_id, workspace_id, fresh)
  SELECT f.vt, p_execution, v_workspace, false FROM queue_front f;
  RETURN 'accepted';
END
$$;

-- A cancelled execution of the workspace of this transaction is held up no more. One row, by key.
CREATE FUNCTION lift_pause_1(p_execution uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE executions e SET status = 'queued'
   WHERE e.execution_id = p_execution AND e.status = 'paused'
     AND e.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION order_1(uuid, uuid, text, text, boolean) OWNER TO capstan_worker;
  ALTER FUNCTION lift_pause_1(uuid) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION order_1(uuid, uuid, text, text, boolean), lift_pause_1(uuid) TO capstan_api;
-- To lock the rows of orders that are replaced.
GRANT UPDATE (name) ON signals TO capstan_worker;
