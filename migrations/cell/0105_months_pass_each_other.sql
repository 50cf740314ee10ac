-- A month of history is held up by what has not ended in it, and by nothing else: not by an earlier month, and not by executions of
-- a workspace that was archived, which is for good.

-- Months that are older than what is kept and cannot go yet, with one execution that holds each up: it is looked at first the next
-- time, by its key, so that nobody reads a whole month each hour. Written only by close_month_2, read by nobody else.
CREATE TABLE kept_months (
  month date PRIMARY KEY CONSTRAINT kept_months_first CHECK (extract(day FROM month) = 1),
  execution_id uuid NOT NULL,
  kept_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What holds a month up: an execution, its workspace, and why, for operators; all null if nothing does. Looks first at `p_known`, which
-- held it up before.
--
-- What belongs to a workspace that is archived since a day does not count, as it never goes on: each worker has known of it for long,
-- and what was at work then has parked. What is in the queue or leased counts whosesoever it is, until a worker has parked it.
-- A parent that has not ended still reads what it has called: so these stay with it, though they have ended. It may be of an earlier month.
--
-- The owner sees no rows, as row-level security is forced; so this runs as the role of workers. Reads the month's executions up to the
-- first that holds it up (children by children_pkey, parents by executions_pkey).
CREATE FUNCTION month_kept_by_1(p_month date, p_known uuid, OUT execution_id uuid, OUT workspace_id uuid, OUT reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = on
AS $$
#variable_conflict use_column
DECLARE
  v_from uuid := month_floor_1(p_month);
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
  v_archived_before timestamptz := clock_timestamp() - interval '1 day';
  v_id uuid;
  v_workspace uuid;
  v_reason text;
BEGIN
  SELECT e.execution_id, e.workspace_id INTO v_id, v_workspace FROM executions e
   WHERE e.execution_id = p_known AND e.execution_id >= v_from AND e.execution_id < v_to AND e.ended_at IS NULL
     AND NOT EXISTS (SELECT FROM standings s
                      WHERE s.workspace_id = e.workspace_id AND s.state = 'archived' AND s.changed_at < v_archived_before);
  IF v_id IS NULL THEN
    SELECT e.execution_id, e.workspace_id INTO v_id, v_workspace FROM executions e
     WHERE e.execution_id >= v_from AND e.execution_id < v_to AND e.ended_at IS NULL
       AND NOT EXISTS (SELECT FROM standings s
                        WHERE s.workspace_id = e.workspace_id AND s.state = 'archived' AND s.changed_at < v_archived_before)
     LIMIT 1;
  END IF;
  v_reason := 'an execution of it has not ended';
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
                        WHERE s.workspace_id = p.workspace_id AND s.state = 'archived' AND s.changed_at < v_archived_before)
     LIMIT 1;
    v_reason := 'a start of it waits to begin';
  END IF;
  IF v_id IS NULL THEN
    SELECT c.parent_id, c.workspace_id INTO v_id, v_workspace FROM children c
     WHERE c.child_id >= v_from AND c.child_id < v_to
       AND (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = c.parent_id LIMIT 1)
       AND NOT EXISTS (SELECT FROM standings s
                        WHERE s.workspace_id = c.workspace_id AND s.state = 'archived' AND s.changed_at < v_archived_before)
     LIMIT 1;
    v_reason := 'who called an execution of it has not ended';
  END IF;
  IF v_id IS NOT NULL THEN
    execution_id := v_id;
    workspace_id := v_workspace;
    reason := format('%s (%s of workspace %s)', v_reason, v_id, v_workspace);
  END IF;
END
$$;

-- Closes a month, so that it may be archived and dropped; null if it is closed, else why it is kept. As close_month_1, but that an
-- earlier month which has to stay keeps no later one: what has ended is read by its parent alone, see month_kept_by_1.
-- Nothing new comes to a month that is over: ids are drawn when a start is asked for.
CREATE FUNCTION close_month_2(p_month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_kept record;
BEGIN
  IF p_month NOT IN (SELECT old_months_1()) THEN
    RETURN 'it is not older than what is kept';
  END IF;
  IF EXISTS (SELECT FROM history_months h WHERE h.month = p_month AND h.dropped_at IS NULL) THEN
    RETURN NULL;
  END IF;
  SELECT m.execution_id, m.reason INTO v_kept
    FROM month_kept_by_1(p_month, (SELECT k.execution_id FROM kept_months k WHERE k.month = p_month)) AS m;
  IF v_kept.reason IS NOT NULL THEN
    INSERT INTO kept_months AS k (month, execution_id) VALUES (p_month, v_kept.execution_id)
    ON CONFLICT (month) DO UPDATE SET execution_id = excluded.execution_id WHERE k.execution_id <> excluded.execution_id;
    RETURN v_kept.reason;
  END IF;
  DELETE FROM kept_months k WHERE k.month = p_month;
  INSERT INTO history_months (month) VALUES (p_month)
  ON CONFLICT (month) DO UPDATE SET closed_at = clock_timestamp(), archived_at = NULL, dropped_at = NULL;
  RETURN NULL;
END
$$;

-- Ends what archived workspaces have left undone in a closed month, so that all of it has ended, in archives, too: as cancelled, which
-- nobody is told. At most so many; answers how many, come again while it is not zero. Reads the month's executions.
CREATE FUNCTION end_parked_1(p_month date, p_most int) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = on
AS $$
DECLARE
  v_from uuid := month_floor_1(p_month);
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
  v_ids uuid[];
  v_ended int;
BEGIN
  PERFORM FROM history_months h WHERE h.month = p_month AND h.dropped_at IS NULL;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  v_ids := ARRAY(
    SELECT e.execution_id FROM executions e
     WHERE e.execution_id >= v_from AND e.execution_id < v_to AND e.ended_at IS NULL
       AND EXISTS (SELECT FROM standings s WHERE s.workspace_id = e.workspace_id AND s.state = 'archived')
     LIMIT p_most);
  UPDATE executions e
     SET status = 'cancelled', ended_at = clock_timestamp(), begun_at = nullif(e.begun_at, 'infinity'),
         error = jsonb_build_object('class', 'cancelled', 'reason', 'its workspace is archived, and its month is not kept any longer')
   WHERE e.execution_id = ANY (v_ids) AND e.execution_id >= v_from AND e.execution_id < v_to AND e.ended_at IS NULL;
  GET DIAGNOSTICS v_ended = ROW_COUNT;
  RETURN v_ended;
END
$$;

-- Removes rows beside the history of a closed month: calls of its executions, what they asked of people, and slots that they held; and
-- what those of archived workspaces waited for, as they will not go on. What was left of before goes as well, back to the end of the
-- last earlier month that is there still. At most so many of each; answers how many, come again while it is not zero.
-- Calls, signals, timers and starts by their key, slots by slots_execution, lines by gated_execution; the others are read from their
-- beginning: approvals, and what waits behind a pause or for its turn.
CREATE FUNCTION take_along_2(p_month date, p_bite int) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = on
AS $$
DECLARE
  v_from uuid := coalesce(
    (SELECT month_floor_1((max(o.month) + interval '1 month')::date) FROM old_months_1() o (month) WHERE o.month < p_month),
    '00000000-0000-0000-0000-000000000000');
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
  v_table text;
  v_count int;
  v_gone int := 0;
BEGIN
  PERFORM FROM history_months h WHERE h.month = p_month AND h.dropped_at IS NULL;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM children c WHERE c.child_id IN (
    SELECT x.child_id FROM children x WHERE x.child_id >= v_from AND x.child_id < v_to ORDER BY x.child_id LIMIT p_bite);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_gone := v_gone + v_count;
  DELETE FROM slots s WHERE s.ctid = ANY (ARRAY(
    SELECT x.ctid FROM slots x WHERE x.execution_id >= v_from AND x.execution_id < v_to ORDER BY x.execution_id LIMIT p_bite));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_gone := v_gone + v_count;
  DELETE FROM approvals a WHERE a.ctid = ANY (ARRAY(
    SELECT x.ctid FROM approvals x WHERE x.execution_id >= v_from AND x.execution_id < v_to LIMIT p_bite));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_gone := v_gone + v_count;
  FOREACH v_table IN ARRAY ARRAY['timers', 'gated', 'held', 'prioritised', 'signals', 'pending_inputs', 'pending_starts'] LOOP
    EXECUTE format(
      'DELETE FROM %1$I d WHERE d.ctid = ANY (ARRAY(
         SELECT x.ctid FROM %1$I x
          WHERE x.execution_id >= $1 AND x.execution_id < $2
            AND EXISTS (SELECT FROM standings s WHERE s.workspace_id = x.workspace_id AND s.state = ''archived'') LIMIT $3))', v_table)
      USING v_from, v_to, p_bite;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    v_gone := v_gone + v_count;
  END LOOP;
  RETURN v_gone;
END
$$;

REVOKE ALL ON FUNCTION month_kept_by_1(date, uuid), close_month_2(date), end_parked_1(date, int),
  take_along_2(date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION close_month_2(date), end_parked_1(date, int), take_along_2(date, int) TO capstan_worker;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION month_kept_by_1(date, uuid) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
-- `close_month_2`, which runs as the owner, asks it.
GRANT EXECUTE ON FUNCTION month_kept_by_1(date, uuid) TO CURRENT_USER;
