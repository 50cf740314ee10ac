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

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION event_depth_1(uuid, uuid) TO capstan_worker;
