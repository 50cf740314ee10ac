-- What waited behind a pause may have ended since, or begun: a signal goes on, and a cancel. Only what has neither takes a slot
-- of its throttle when the pause is over.

-- As before (0043), but that rows of what has ended only go away, and that what has begun goes on at once; `released` counts
-- all rows. Uses the keys of held, pauses, standings, executions, journal, leases and timers.
CREATE OR REPLACE FUNCTION release_held_2(
  p_workspace uuid, p_workflow uuid, p_groups int, p_bite int, p_vt bigint, p_cost bigint,
  OUT released int, OUT vt bigint, OUT workspace_id uuid, OUT workflow_id uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := p_workspace;
  v_workflow uuid := p_workflow;
  v_last bigint := p_vt;
  v_ids uuid[];
  v_losses smallint[];
  v_throttles jsonb[];
  v_dues timestamptz[];
BEGIN
  released := 0;
  vt := p_vt;
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#held'), 0) THEN
    RETURN;
  END IF;
  workspace_id := p_workspace;
  workflow_id := p_workflow;
  FOR n IN 1..p_groups LOOP
    SELECT h.workspace_id, h.workflow_id INTO v_workspace, v_workflow FROM held h
     WHERE (h.workspace_id, h.workflow_id) > (v_workspace, v_workflow)
     ORDER BY h.workspace_id, h.workflow_id LIMIT 1;
    IF NOT FOUND THEN
      workspace_id := NULL;
      workflow_id := NULL;
      RETURN;
    END IF;
    -- Only those of one workspace stand in line behind each other.
    IF v_workspace <> workspace_id THEN
      workspace_id := v_workspace;
      workflow_id := '00000000-0000-0000-0000-000000000000';
      v_last := 0;
    END IF;
    IF (SELECT true FROM pauses p
         WHERE p.workspace_id = v_workspace AND p.workflow_id IN (v_workflow, '00000000-0000-0000-0000-000000000000')
         LIMIT 1) IS NULL
       AND (SELECT true FROM standings s WHERE s.workspace_id = v_workspace AND s.state <> 'active' LIMIT 1) IS NULL THEN
      WITH picked AS MATERIALIZED (
        SELECT h.ctid AS tid FROM held h
         WHERE h.workspace_id = v_workspace AND h.workflow_id = v_workflow
         ORDER BY h.execution_id LIMIT p_bite FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM held h WHERE h.ctid = ANY (ARRAY(SELECT p.tid FROM picked p))
        RETURNING h.execution_id, h.losses, h.throttle
      ), live AS MATERIALIZED (
        SELECT g.execution_id, g.losses,
               CASE WHEN g.throttle IS NOT NULL
                     AND (SELECT true FROM journal j WHERE j.execution_id = g.execution_id LIMIT 1) IS NULL
                     AND (SELECT true FROM leases l WHERE l.execution_id = g.execution_id LIMIT 1) IS NULL
                    THEN g.throttle END AS throttle
          FROM gone g
         WHERE (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = g.execution_id LIMIT 1) IS NOT FALSE
      )
      SELECT array_agg(i.execution_id ORDER BY i.execution_id), array_agg(i.losses ORDER BY i.execution_id),
             array_agg(i.throttle ORDER BY i.execution_id), (SELECT count(*) FROM gone)
        INTO v_ids, v_losses, v_throttles, released FROM live i;
      v_dues := slots_1(v_workspace, v_workflow, v_throttles);
      -- Whoever has begun meanwhile may have a time of its own: to come early does no harm.
      INSERT INTO timers AS t (execution_id, workspace_id, due_at)
      SELECT v_ids[n], v_workspace, v_dues[n] FROM generate_series(1, cardinality(v_ids)) AS n
       WHERE v_dues[n] IS NOT NULL
      ON CONFLICT (execution_id) DO UPDATE SET due_at = least(t.due_at, excluded.due_at);
      WITH stamped AS (
        INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
        SELECT greatest((SELECT f.vt FROM queue_front f), v_last) + row_number() OVER (ORDER BY n) * p_cost,
               v_ids[n], v_workspace, false, v_losses[n]
          FROM generate_series(1, cardinality(v_ids)) AS n WHERE v_dues[n] IS NULL
        RETURNING queue.vt
      )
      SELECT coalesce(max(s.vt), v_last) INTO vt FROM stamped s;
      IF released > 0 THEN
        -- The same workflow again: it may have more.
        RETURN;
      END IF;
    END IF;
    workflow_id := v_workflow;
    vt := v_last;
  END LOOP;
END
$$;

-- A bulk job that restarts a trial uses its graph.
GRANT UPDATE (used_at) ON trial_versions TO capstan_worker;
