-- What changed in workspaces since somebody last looked: for live updates. Nothing is written for it, and nothing is added to a
-- table. A position is a snapshot: what a snapshot saw then and sees now is told apart by the transactions of rows, so a commit
-- that comes late is found whenever it comes, and a transaction that stays open holds up nobody.

-- What was told, since snapshot `p_since`, of ends and incidents of executions (outbox) and of leads, records and alerts (events), of
-- these workspaces. Looks at no more than `p_most` rows of each table, whoever they are of: by ranges of outbox_xid and events_xid
-- from where that snapshot ends, and the transactions that were under way in it one by one. Where there are more, it says `full`
-- and what it has; more than `p_each_max` of one topic of a workspace come as one without an id. The row of an execution is
-- found by key, in its month. What is asked of leases, timers and journals is no EXISTS: that could be planned as a look at all of
-- them.
CREATE FUNCTION facts_1(p_workspaces uuid[], p_since pg_snapshot, p_most int, p_each_max int)
RETURNS TABLE (workspace_id uuid, topic text, id text, workflow_id uuid, version_id uuid, status text, changed text,
               created_at timestamptz, ended_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_from xid8 := pg_snapshot_xmax(p_since);
  -- Rows of transactions that are yet to come here are of a server before this one.
  v_to xid8 := pg_snapshot_xmax(pg_current_snapshot());
  v_open xid8[] := ARRAY(SELECT pg_snapshot_xip(p_since));
BEGIN
  RETURN QUERY
  WITH found AS MATERIALIZED (
    (SELECT o.workspace_id, o.type, o.aggregate_id FROM outbox o
      WHERE o.xid >= v_from AND o.xid < v_to ORDER BY o.xid, o.event_id LIMIT p_most)
    UNION ALL
    (SELECT o.workspace_id, o.type, o.aggregate_id
       FROM unnest(v_open) AS x (xid)
      CROSS JOIN LATERAL (
        SELECT i.workspace_id, i.type, i.aggregate_id FROM outbox i WHERE i.xid = x.xid ORDER BY i.xid, i.event_id LIMIT p_most
      ) AS o LIMIT p_most)
  ), mine AS MATERIALIZED (
    SELECT f.workspace_id, f.aggregate_id, substr(f.type, 11) AS told FROM found f
     WHERE f.workspace_id = ANY (p_workspaces) AND f.type LIKE 'execution.%'
  ), busy AS MATERIALIZED (
    SELECT m.workspace_id FROM mine m GROUP BY m.workspace_id HAVING count(*) > p_each_max
  )
  SELECT m.workspace_id, 'execution', m.aggregate_id::text, e.workflow_id, e.version_id, coalesce(e.status, m.told), m.told,
         e.created_at, e.ended_at
    FROM mine m
    LEFT JOIN LATERAL (
      SELECT x.workflow_id, x.version_id, x.created_at, x.ended_at,
             CASE WHEN x.status <> 'queued' THEN x.status
                  WHEN (SELECT true FROM leases l WHERE l.execution_id = x.execution_id LIMIT 1) THEN 'running'
                  ELSE 'waiting' END AS status
        FROM executions x WHERE x.execution_id = m.aggregate_id AND x.workspace_id = m.workspace_id LIMIT 1
    ) AS e ON true
   WHERE m.workspace_id NOT IN (SELECT b.workspace_id FROM busy b)
  UNION ALL
  SELECT b.workspace_id, 'execution', NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM busy b
  UNION ALL
  SELECT NULL, 'full', NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE (SELECT count(*) FROM found) >= p_most;

  RETURN QUERY
  WITH found AS MATERIALIZED (
    (SELECT v.workspace_id, v.event_id, v.type, v.key FROM events v
      WHERE v.xid >= v_from AND v.xid < v_to ORDER BY v.xid, v.event_id LIMIT p_most)
    UNION ALL
    (SELECT v.workspace_id, v.event_id, v.type, v.key
       FROM unnest(v_open) AS x (xid)
      CROSS JOIN LATERAL (
        SELECT i.workspace_id, i.event_id, i.type, i.key FROM events i WHERE i.xid = x.xid ORDER BY i.xid, i.event_id LIMIT p_most
      ) AS v LIMIT p_most)
  ), mine AS MATERIALIZED (
    SELECT f.workspace_id, f.event_id, f.key, split_part(f.type, '.', 1) AS topic, split_part(f.type, '.', 2) AS told
      FROM found f
     WHERE f.workspace_id = ANY (p_workspaces) AND split_part(f.type, '.', 1) IN ('lead', 'record', 'alert')
  ), busy AS MATERIALIZED (
    SELECT m.workspace_id, m.topic FROM mine m GROUP BY m.workspace_id, m.topic HAVING count(*) > p_each_max
  )
  SELECT m.workspace_id, m.topic, m.key, NULL::uuid, NULL::uuid, coalesce(d.lead_state, d.record_state), m.told,
         NULL::timestamptz, NULL::timestamptz
    FROM mine m
    -- Once more by key: what is large is read of those alone that are told.
    LEFT JOIN LATERAL (
      SELECT i.data -> 'lead' ->> 'status' AS lead_state, i.data -> 'record' ->> 'state' AS record_state
        FROM events i WHERE i.workspace_id = m.workspace_id AND i.event_id = m.event_id LIMIT 1
    ) AS d ON true
   WHERE NOT EXISTS (SELECT FROM busy b WHERE b.workspace_id = m.workspace_id AND b.topic = m.topic)
  UNION ALL
  SELECT b.workspace_id, b.topic, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM busy b
  UNION ALL
  SELECT NULL, 'full', NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE (SELECT count(*) FROM found) >= p_most;
END
$$;

-- The same, and beside it, for the workspaces of `p_turn`, how things stand, which whoever asks compares with what it saw before:
-- the newest executions (`newest`; by the index on workspace and id, in the newest month that has any), what was changed through
-- the API since `p_from` (`change`; by the key of audit_log) and the open approvals (`open`; by approvals_open), at most
-- `p_newest_max` of each. Runs as the API's role: the setting of row-level security goes from workspace to workspace, and is
-- none at the end. All is of one snapshot, which is the row `position`; `foreign` there tells that `p_since` is of another server.
-- Takes no lock.
CREATE FUNCTION changes_1(
  p_workspaces uuid[], p_turn uuid[], p_since text, p_from timestamptz, p_most int, p_each_max int, p_newest_max int)
RETURNS TABLE (workspace_id uuid, topic text, id text, workflow_id uuid, version_id uuid, status text, changed text,
               created_at timestamptz, ended_at timestamptz)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  v_now pg_snapshot := pg_current_snapshot();
  v_since pg_snapshot := p_since::pg_snapshot;
  v_foreign boolean := coalesce(pg_snapshot_xmax(v_since) > pg_snapshot_xmax(v_now), false);
  v_from uuid := uuid_floor_1(p_from);
  v_workspace uuid;
BEGIN
  RETURN QUERY SELECT NULL::uuid, 'position', v_now::text, NULL::uuid, NULL::uuid, CASE WHEN v_foreign THEN 'foreign' END,
    NULL::text, statement_timestamp(), NULL::timestamptz;
  IF v_since IS NOT NULL AND NOT v_foreign THEN
    RETURN QUERY SELECT f.workspace_id, f.topic, f.id, f.workflow_id, f.version_id, f.status, f.changed, f.created_at, f.ended_at
      FROM facts_1(p_workspaces, v_since, p_most, p_each_max) f;
  END IF;
  FOREACH v_workspace IN ARRAY p_turn LOOP
    PERFORM set_config('app.workspace_id', v_workspace::text, true);
    RETURN QUERY
    SELECT e.workspace_id, 'newest', e.execution_id::text, e.workflow_id, e.version_id,
           CASE WHEN e.status <> 'queued' THEN e.status
                WHEN (SELECT true FROM leases l WHERE l.execution_id = e.execution_id LIMIT 1) THEN 'running'
                WHEN (SELECT true FROM timers t WHERE t.execution_id = e.execution_id LIMIT 1) THEN 'waiting'
                WHEN (SELECT true FROM journal j WHERE j.execution_id = e.execution_id LIMIT 1) THEN 'waiting'
                ELSE 'queued' END,
           NULL::text, e.created_at, e.ended_at
      FROM executions e
     -- Said three times: else, in a cell of few workspaces, the rows of all are read in the order of their key until there are enough.
     WHERE e.workspace_id = v_workspace AND e.workspace_id >= v_workspace AND e.workspace_id <= v_workspace
     ORDER BY e.execution_id DESC LIMIT p_newest_max;
    RETURN QUERY
    SELECT a.workspace_id, 'change', a.audit_id::text, NULL::uuid, NULL::uuid, left(a.subject, 300), a.action,
           NULL::timestamptz, NULL::timestamptz
      FROM audit_log a WHERE a.workspace_id = v_workspace AND a.audit_id >= v_from AND a.status < 400
     ORDER BY a.audit_id DESC LIMIT p_newest_max;
    RETURN QUERY
    SELECT a.workspace_id, 'open', a.approval_id::text, NULL::uuid, NULL::uuid, NULL::text, NULL::text,
           NULL::timestamptz, NULL::timestamptz
      FROM approvals a WHERE a.workspace_id = v_workspace AND a.status = 'open'
     ORDER BY a.approval_id DESC LIMIT p_newest_max;
  END LOOP;
  PERFORM set_config('app.workspace_id', '', true);
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION facts_1(uuid[], pg_snapshot, int, int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION facts_1(uuid[], pg_snapshot, int, int) TO capstan_api;
GRANT EXECUTE ON FUNCTION changes_1(uuid[], uuid[], text, timestamptz, int, int, int) TO capstan_api;
