-- A step that a person has tried again calls a child of its own in each round, and events know how deep they are across
-- calls (docs/decisions/0026).

-- `event_depth` is how deep an event of the child would be at least: as deep as one of its parent when it was called; at its
-- end, if its parent waits for that, as deep as one of its own.
ALTER TABLE children
  ADD COLUMN round int NOT NULL DEFAULT 0 CONSTRAINT children_round CHECK (round >= 0),
  ADD COLUMN event_depth int NOT NULL DEFAULT 0 CONSTRAINT children_event_depth CHECK (event_depth >= 0),
  DROP CONSTRAINT children_step_key,
  -- A step starts one child in each round.
  ADD CONSTRAINT children_step_key UNIQUE (parent_id, node_id, scope, round);
CREATE INDEX children_deep ON children (parent_id, event_depth) WHERE event_depth > 0;
GRANT UPDATE (event_depth) ON children TO capstan_worker;

-- How deep an event would be that this execution sends now. Uses event_waits_step_key, and the keys of children.
CREATE FUNCTION event_depth_1(p_workspace uuid, p_execution uuid) RETURNS int
LANGUAGE sql STABLE
AS $$
  SELECT greatest(0,
    (SELECT max(w.depth) + 1 FROM event_waits w
      WHERE w.workspace_id = p_workspace AND w.execution_id = p_execution AND w.status = 'matched'),
    (SELECT c.event_depth FROM children c WHERE c.child_id = p_execution),
    (SELECT max(c.event_depth) FROM children c WHERE c.parent_id = p_execution AND c.event_depth > 0))
$$;

-- As before, but that starts name their `round`, 0 if they do not, and that the depth of events goes down with a start and
-- up with an end. Locks nothing but the rows that it inserts, and of children that end their own.
CREATE OR REPLACE FUNCTION family_1(p_family jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_front bigint := (SELECT f.vt FROM queue_front f);
  v_child uuid;
BEGIN
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

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION event_depth_1(uuid, uuid) TO capstan_worker;
