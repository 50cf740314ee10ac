-- Which months are made, by one look at the clock; and a month that is old is held up a little by what was at work in it until just now.

-- As before (0084), but that the clock is read once: a loop that goes on over the end of a month would leave the new one out.
CREATE OR REPLACE FUNCTION make_months_1() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_this timestamp;
  v_parent text;
  v_month timestamp;
  v_name text;
  v_made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#months'), 0);
  v_this := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
  FOR i IN -1 .. 2 LOOP
    v_month := v_this + make_interval(months => i);
    FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage', 'execution_words'] LOOP
      v_name := v_parent || to_char(v_month, '_YYYY_MM');
      IF to_regclass(quote_ident(v_name)) IS NULL THEN
        PERFORM make_month_1(v_parent, v_name, v_month AT TIME ZONE 'UTC');
        v_made := v_made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN v_made;
END
$$;

-- As before (0105), but that an old month also waits for a day after what ended last in it, as triggers, endpoints and people still read
-- it; and until nothing that was used in it is counted any more: quotas read the facts of this month and of the last one, and sums of
-- days those of thirty days, by when it was used, however old the execution is. Reads the month's usage as well, which is little.
CREATE OR REPLACE FUNCTION month_kept_by_1(p_month date, p_known uuid, OUT execution_id uuid, OUT workspace_id uuid, OUT reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = on
AS $$
#variable_conflict use_column
DECLARE
  v_from uuid := month_floor_1(p_month);
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
  v_yesterday timestamptz := clock_timestamp() - interval '1 day';
  v_counted timestamptz := clock_timestamp() - interval '32 days';
  v_id uuid;
  v_workspace uuid;
  v_reason text;
BEGIN
  SELECT e.execution_id, e.workspace_id, CASE WHEN e.ended_at IS NULL THEN 'has not ended' ELSE 'ended within the last day' END
    INTO v_id, v_workspace, v_reason FROM executions e
   WHERE e.execution_id = p_known AND e.execution_id >= v_from AND e.execution_id < v_to
     AND (e.ended_at > v_yesterday
          OR e.ended_at IS NULL
             AND NOT EXISTS (SELECT FROM standings s
                              WHERE s.workspace_id = e.workspace_id AND s.state = 'archived' AND s.changed_at < v_yesterday));
  IF v_id IS NULL THEN
    SELECT e.execution_id, e.workspace_id, CASE WHEN e.ended_at IS NULL THEN 'has not ended' ELSE 'ended within the last day' END
      INTO v_id, v_workspace, v_reason FROM executions e
     WHERE e.execution_id >= v_from AND e.execution_id < v_to
       AND (e.ended_at > v_yesterday
            OR e.ended_at IS NULL
               AND NOT EXISTS (SELECT FROM standings s
                                WHERE s.workspace_id = e.workspace_id AND s.state = 'archived' AND s.changed_at < v_yesterday))
     LIMIT 1;
  END IF;
  v_reason := 'an execution of it ' || v_reason;
  IF v_id IS NULL THEN
    SELECT a.execution_id, a.workspace_id INTO v_id, v_workspace
      FROM (SELECT q.execution_id, q.workspace_id FROM queue q WHERE q.execution_id >= v_from AND q.execution_id < v_to
            UNION ALL
            SELECT l.execution_id, l.workspace_id FROM leases l WHERE l.execution_id >= v_from AND l.execution_id < v_to) AS a
     LIMIT 1;
    v_reason := 'a worker has still to look at an execution of it';
  END IF;
  IF v_id IS NULL THEN
    SELECT p.execution_id, p.workspace_id INTO v_id, v_workspace FROM pending_starts p
     WHERE p.execution_id >= v_from AND p.execution_id < v_to
       AND NOT EXISTS (SELECT FROM standings s
                        WHERE s.workspace_id = p.workspace_id AND s.state = 'archived' AND s.changed_at < v_yesterday)
     LIMIT 1;
    v_reason := 'a start of it waits to begin';
  END IF;
  IF v_id IS NULL THEN
    SELECT c.parent_id, c.workspace_id INTO v_id, v_workspace FROM children c
     WHERE c.child_id >= v_from AND c.child_id < v_to
       AND (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = c.parent_id LIMIT 1)
       AND NOT EXISTS (SELECT FROM standings s
                        WHERE s.workspace_id = c.workspace_id AND s.state = 'archived' AND s.changed_at < v_yesterday)
     LIMIT 1;
    v_reason := 'who called an execution of it has not ended';
  END IF;
  IF v_id IS NULL THEN
    SELECT u.execution_id, u.workspace_id INTO v_id, v_workspace FROM usage u
     WHERE u.execution_id >= v_from AND u.execution_id < v_to AND u.created_at > v_counted
     LIMIT 1;
    v_reason := 'what an execution of it used in the last 32 days is still counted';
  END IF;
  IF v_id IS NOT NULL THEN
    execution_id := v_id;
    workspace_id := v_workspace;
    reason := format('%s (%s of workspace %s)', v_reason, v_id, v_workspace);
  END IF;
END
$$;
