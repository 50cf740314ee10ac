-- Facts that are told only where somebody wants to hear of them: that an execution has begun, and what becomes of steps. Workers
-- know by heart who does, and name them in the commit that the fact is part of; where nobody does, nothing is asked and written.

SET LOCAL lock_timeout = '200ms';

-- How often it has changed who wants to hear of them. One row; a change keeps it until it is committed, so who reads the number
-- and then the rest misses nothing of what the number counts.
CREATE TABLE fact_changes (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT fact_changes_one CHECK (one),
  no bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO fact_changes (no) VALUES (1);
GRANT SELECT, UPDATE ON fact_changes TO capstan_worker;

-- Counts a change, whoever makes it. Locks: the one row, after that of the endpoint or trigger.
CREATE FUNCTION facts_changed_1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  UPDATE fact_changes c SET no = c.no + 1 WHERE c.one;
  RETURN NULL;
END
$$;

-- Endpoints and triggers of other events count nothing. A pattern of several words holds no space.
CREATE TRIGGER webhook_endpoints_facts_insert AFTER INSERT ON webhook_endpoints FOR EACH ROW
  WHEN (array_to_string(NEW.types, ' ') ~ '(^| )(step\.|execution\.started( |$))')
  EXECUTE FUNCTION facts_changed_1();
CREATE TRIGGER webhook_endpoints_facts_update AFTER UPDATE OF types, status ON webhook_endpoints FOR EACH ROW
  WHEN (concat_ws(' ', array_to_string(OLD.types, ' '), array_to_string(NEW.types, ' ')) ~ '(^| )(step\.|execution\.started( |$))')
  EXECUTE FUNCTION facts_changed_1();
CREATE TRIGGER webhook_endpoints_facts_delete AFTER DELETE ON webhook_endpoints FOR EACH ROW
  WHEN (array_to_string(OLD.types, ' ') ~ '(^| )(step\.|execution\.started( |$))')
  EXECUTE FUNCTION facts_changed_1();
CREATE TRIGGER event_triggers_facts_insert AFTER INSERT ON event_triggers FOR EACH ROW
  WHEN (NEW.type ~ '^(step\.|execution\.started$)') EXECUTE FUNCTION facts_changed_1();
CREATE TRIGGER event_triggers_facts_update AFTER UPDATE OF type ON event_triggers FOR EACH ROW
  WHEN (OLD.type IS DISTINCT FROM NEW.type AND (OLD.type ~ '^(step\.|execution\.started$)' OR NEW.type ~ '^(step\.|execution\.started$)'))
  EXECUTE FUNCTION facts_changed_1();
CREATE TRIGGER event_triggers_facts_delete AFTER DELETE ON event_triggers FOR EACH ROW
  WHEN (OLD.type ~ '^(step\.|execution\.started$)') EXECUTE FUNCTION facts_changed_1();

-- How often it has changed. Part of the look of a worker, so its plan is pinned: one step into fact_changes_pkey.
CREATE FUNCTION facts_no_1() RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
  RETURN (SELECT c.no FROM fact_changes c WHERE c.one);
END
$$;

-- Who wants to hear of which of them: a row with the number of changes and no workspace where nobody does. Reads all live
-- endpoints and all triggers of events, after a change only.
CREATE FUNCTION facts_wanted_1() RETURNS TABLE (no bigint, workspace_id uuid, types text[])
LANGUAGE sql STABLE
AS $$
  SELECT c.no, w.workspace_id, w.types
    FROM fact_changes c
    LEFT JOIN (
      SELECT x.workspace_id, array_agg(DISTINCT x.type) AS types
        FROM (SELECT e.workspace_id, t.type FROM webhook_endpoints e CROSS JOIN unnest(e.types) AS t (type)
               WHERE e.status IN ('enabled', 'failing')
               UNION ALL
              SELECT g.workspace_id, g.type FROM event_triggers g) AS x
       WHERE x.type ~ '^(step\.|execution\.started$)'
       GROUP BY x.workspace_id) AS w ON true
$$;

-- Writes facts of this transaction to the outbox. What is to be said of a step is said by its journal row.
CREATE FUNCTION tell_facts_1(p_facts jsonb) RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  SELECT f.event_id, f.workspace_id, f.type, f.execution_id, jsonb_strip_nulls(jsonb_build_object('position', f.at_position))
    FROM jsonb_to_recordset(p_facts) AS f (event_id uuid, workspace_id uuid, type text, execution_id uuid, at_position int)
$$;

-- As before (0021), and `facts` names what is told of this group.
CREATE OR REPLACE FUNCTION commit_3(
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
  v_family jsonb := p_family::jsonb;
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
  IF v_lost THEN
    RETURN;
  END IF;
  PERFORM family_1(v_family);
  IF v_family ? 'leaves' THEN
    PERFORM leave_gates_1(ARRAY(SELECT jsonb_array_elements_text(v_family -> 'leaves')::uuid));
  END IF;
  IF v_family ? 'facts' THEN
    PERFORM tell_facts_1(v_family -> 'facts');
  END IF;
END
$$;

-- How deep an event of an execution is that is not sent by a step: by the events that it took, its callers, and what started it.
-- The last stays known when its waits are gone. Uses trigger_starts_deep, and what event_depth_1 does.
CREATE FUNCTION execution_depth_1(p_workspace uuid, p_execution uuid) RETURNS int
LANGUAGE sql STABLE
AS $$
  SELECT greatest(1, event_depth_1(p_workspace, p_execution), 1 + (
    SELECT max(t.depth) FROM trigger_starts t
     WHERE t.workspace_id = p_workspace AND t.execution_id = p_execution AND t.depth > 0))
$$;

-- How deep a fact of the outbox is: as what its execution sends; one about a delivery, as what was to be delivered. Others are of
-- what people and clocks do.
CREATE FUNCTION fact_depth_1(p_workspace uuid, p_type text, p_aggregate uuid, p_payload jsonb) RETURNS int
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  v_event uuid;
  v_depth int;
BEGIN
  IF p_type = 'execution.started' OR p_type LIKE 'step.%' THEN
    RETURN execution_depth_1(p_workspace, p_aggregate);
  END IF;
  IF p_type <> 'webhook.delivery_failed' THEN
    RETURN 0;
  END IF;
  -- Without its prefix, `evt_`.
  v_event := substr(p_payload ->> 'event_id', 5)::uuid;
  SELECT execution_depth_1(p_workspace, o.aggregate_id) INTO v_depth FROM outbox o
   WHERE o.event_id = v_event AND o.workspace_id = p_workspace AND (o.type LIKE 'execution.%' OR o.type LIKE 'step.%');
  IF NOT FOUND THEN
    SELECT e.depth + 1 INTO v_depth FROM events e WHERE e.workspace_id = p_workspace AND e.event_id = v_event;
  END IF;
  RETURN coalesce(v_depth, 0);
END
$$;

-- What a fact of the outbox that is of an execution belongs to: its trace, as rows have it. Null for others. By keys.
CREATE FUNCTION fact_trace_1(p_workspace uuid, p_event uuid) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  v_execution uuid;
BEGIN
  SELECT o.aggregate_id INTO v_execution FROM outbox o
   WHERE o.event_id = p_event AND o.workspace_id = p_workspace AND (o.type = 'execution.started' OR o.type LIKE 'step.%');
  RETURN coalesce((SELECT e.trace FROM executions e WHERE e.execution_id = v_execution), replace(v_execution::text, '-', ''));
END
$$;

-- Whether a trigger that watches all workflows has started an execution, or the one that it was called for: one of ends that
-- names no workflow, or one of beginnings or steps that names none by its key. Uses trigger_starts_deep, and the keys.
CREATE FUNCTION watches_all_1(p_workspace uuid, p_execution uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
  SELECT EXISTS (
    SELECT FROM trigger_starts t
     WHERE t.workspace_id = p_workspace AND t.depth > 0
       AND t.execution_id = coalesce((SELECT c.root_id FROM children c WHERE c.child_id = p_execution), p_execution)
       AND CASE t.cause
             WHEN 'execution' THEN (SELECT x.sources IS NULL FROM execution_triggers x
                WHERE x.workspace_id = t.workspace_id AND x.workflow_id = t.workflow_id AND x.node_id = t.node_id)
             WHEN 'event' THEN (SELECT x.key IS NULL AND x.type ~ '^(step\.|execution\.started$)' FROM event_triggers x
                WHERE x.workspace_id = t.workspace_id AND x.workflow_id = t.workflow_id AND x.node_id = t.node_id)
           END)
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION facts_changed_1() OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION facts_changed_1(), facts_no_1(), facts_wanted_1(), tell_facts_1(jsonb), execution_depth_1(uuid, uuid),
  fact_depth_1(uuid, text, uuid, jsonb), fact_trace_1(uuid, uuid), watches_all_1(uuid, uuid) FROM PUBLIC;
-- The API writes starts that other causes have, in the same statement.
GRANT EXECUTE ON FUNCTION fact_trace_1(uuid, uuid) TO capstan_api, capstan_worker;
GRANT EXECUTE ON FUNCTION facts_no_1(), facts_wanted_1(), tell_facts_1(jsonb), execution_depth_1(uuid, uuid),
  fact_depth_1(uuid, text, uuid, jsonb), watches_all_1(uuid, uuid) TO capstan_worker;
