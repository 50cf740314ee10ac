-- Takes what is pending out before it begins: it is an execution that was cancelled, of the workspace of this transaction.
-- Answers whether it was pending. As before, but that its journal tells of the cancel as any other's does, under the lease
-- number of nobody, that its error has a class, and that it was made when the first of its starts came.
CREATE OR REPLACE FUNCTION cancel_pending_1(p_execution uuid, p_event uuid, p_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  p pending_starts;
BEGIN
  DELETE FROM pending_starts w
   WHERE w.execution_id = p_execution AND w.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
  RETURNING w.* INTO p;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p.rule = 'batch' THEN
    WITH gone AS (
      DELETE FROM pending_inputs i WHERE i.execution_id = p_execution RETURNING i.place, i.input
    )
    SELECT jsonb_agg(g.input ORDER BY g.place) INTO p.input FROM gone g;
  END IF;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status,
                          error, created_at, ended_at)
  VALUES (p.execution_id, p.workspace_id, p.workflow_id, p.version_id, p.trigger_node_id, p.input, 'cancelled',
          jsonb_build_object('class', 'cancelled', 'reason', p_reason), p.first_at, clock_timestamp());
  INSERT INTO journal (execution_id, position, workspace_id, lease_no, kind, detail, recorded_at)
  VALUES (p.execution_id, 1, p.workspace_id, 0, 'cancelled', jsonb_build_object('reason', p_reason), clock_timestamp());
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (p_event, p.workspace_id, 'execution.cancelled', p.execution_id, '{}');
  RETURN true;
END
$$;
