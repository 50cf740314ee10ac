-- Children: executions that a step of another execution started. The row is written by the commit that journals the wait for
-- the child, and never changed; the child's id tells that there is one (docs/decisions/0023).

-- `signal` is what the parent's step waits for; null if it does not. `depth` counts the executions above, `root_id` is the
-- first of them.
CREATE TABLE children (
  child_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  parent_id uuid NOT NULL,
  node_id text NOT NULL,
  scope text NOT NULL DEFAULT '',
  root_id uuid NOT NULL,
  depth smallint NOT NULL CONSTRAINT children_depth CHECK (depth >= 1),
  signal text CONSTRAINT children_signal_length CHECK (length(signal) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A step starts one child.
  CONSTRAINT children_step_key UNIQUE (parent_id, node_id, scope)
);
CREATE INDEX children_parent ON children (parent_id, child_id);

ALTER TABLE children ENABLE ROW LEVEL SECURITY;
ALTER TABLE children FORCE ROW LEVEL SECURITY;
CREATE POLICY children_tenant ON children TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY children_worker ON children TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT ON children TO capstan_api;
GRANT SELECT, INSERT ON children TO capstan_worker;
-- What a worker looks up to start a child.
GRANT SELECT ON workflows, workflow_nodes TO capstan_worker;

-- What a group commit does to other executions than its own: `starts` begins children, `cancels` sends a cancel to some, and
-- `ends` tells the parents of children that end with this commit, with their output if it has at most `output_bytes_max`.
-- A signal to an execution that has ended is dropped; one that ends at the same time drops it itself, as always.
-- Locks nothing but the rows that it inserts. Uses keys throughout: of executions, children, queue_front.
CREATE FUNCTION family_1(p_family jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_front bigint := (SELECT f.vt FROM queue_front f);
BEGIN
  IF p_family ? 'starts' THEN
    INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
    SELECT s.child_id, s.workspace_id, s.workflow_id, s.version_id, s.trigger, coalesce(s.input, 'null'),
           clock_timestamp() + s.timeout_ms * interval '1 millisecond'
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, workflow_id uuid, version_id uuid, trigger text, input jsonb,
             timeout_ms bigint);
    INSERT INTO children (child_id, workspace_id, parent_id, node_id, scope, root_id, depth, signal)
    SELECT s.child_id, s.workspace_id, s.parent_id, s.node_id, s.scope, s.root_id, s.depth, s.signal
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, parent_id uuid, node_id text, scope text, root_id uuid, depth smallint,
             signal text);
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

-- commit_2, and what it does to other executions, in one transaction: called only if there is such. If something was lost,
-- nothing at all is written, as always. Locks: as commit_2, then nothing more.
CREATE FUNCTION commit_3(
  p_worker int, x_ids uuid[], x_workspaces uuid[], x_leases bigint[],
  j_x int[], j_positions int[], j_kinds text[], j_nodes text[], j_scopes text[], j_statuses text[], j_ports text[],
  j_attempts int[], j_outputs text[], j_details text[], j_ats timestamptz[],
  e_x int[], e_statuses text[], e_outputs text[], e_errors text[], e_events uuid[],
  s_x int[], s_ids uuid[], k_x int[], k_dues timestamptz[], t_x int[],
  u_x int[], u_positions int[], u_meters text[], u_units bigint[], p_family text
) RETURNS TABLE (execution_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
DECLARE
  v_lost boolean := false;
BEGIN
  FOR execution_id, verdict IN
    SELECT c.execution_id, c.verdict
      FROM commit_2(p_worker, x_ids, x_workspaces, x_leases, j_x, j_positions, j_kinds, j_nodes, j_scopes, j_statuses,
             j_ports, j_attempts, j_outputs, j_details, j_ats, e_x, e_statuses, e_outputs, e_errors, e_events, s_x, s_ids,
             k_x, k_dues, t_x, u_x, u_positions, u_meters, u_units) AS c
  LOOP
    v_lost := v_lost OR verdict = 'lost';
    RETURN NEXT;
  END LOOP;
  IF NOT v_lost THEN
    PERFORM family_1(p_family::jsonb);
  END IF;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION family_1(jsonb),
  commit_3(
    int, uuid[], uuid[], bigint[], int[], int[], text[], text[], text[], text[], text[], int[], text[], text[],
    timestamptz[], int[], text[], text[], text[], uuid[], int[], uuid[], int[], timestamptz[], int[], int[], int[], text[],
    bigint[], text)
  TO capstan_worker;
