-- Endpoints that are ordered: of what an event is of, one delivery after the other, in the order of events. Such a delivery stands in a
-- line, and one of each line is on its way: `due_at` of the others lies in the year 9999, so that no claim meets them, and the end of the
-- one before makes the next one due. The index for that is made by 0100.

SET LOCAL lock_timeout = '200ms';

-- `has_lines`: deliveries of it may stand in lines. They are let go once it is not ordered any more.
ALTER TABLE webhook_endpoints
  ADD COLUMN is_ordered boolean NOT NULL DEFAULT false,
  ADD COLUMN has_lines boolean NOT NULL DEFAULT false;
-- How many deliveries were made of a source: their places go on from there.
ALTER TABLE webhook_cursors ADD COLUMN place bigint NOT NULL DEFAULT 0;
-- What a delivery goes in line for, and where it stands; of endpoints that are not ordered neither.
ALTER TABLE webhook_deliveries
  ADD COLUMN line text,
  ADD COLUMN place bigint,
  ADD CONSTRAINT webhook_deliveries_line CHECK (num_nonnulls(line, place) IN (0, 2) AND octet_length(line) <= 400) NOT VALID;

GRANT UPDATE (is_ordered, has_lines) ON webhook_endpoints TO capstan_api;
GRANT UPDATE (has_lines) ON webhook_endpoints TO capstan_worker;
GRANT UPDATE (line, place) ON webhook_deliveries TO capstan_api, capstan_worker;

-- Makes the first of each of these lines due where none is on its way. Who calls it holds the rows of the lanes, so that nothing joins
-- these lines meanwhile. One step into webhook_deliveries_lines for each, however long it is: what is on its way comes first there. Part
-- of each end, so its plan is pinned.
CREATE FUNCTION begin_lines_1(p_workspaces uuid[], p_endpoints uuid[], p_lines text[]) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_incremental_sort = off
AS $$
BEGIN
  UPDATE webhook_deliveries d SET due_at = clock_timestamp()
   WHERE d.ctid = ANY (ARRAY(
     SELECT f.tid
       FROM (SELECT DISTINCT u.workspace_id, u.endpoint_id, u.line
               FROM unnest(p_workspaces, p_endpoints, p_lines) AS u (workspace_id, endpoint_id, line)) AS l
      CROSS JOIN LATERAL (
        SELECT x.ctid AS tid, x.due_at FROM webhook_deliveries x
         WHERE x.workspace_id = l.workspace_id AND x.endpoint_id = l.endpoint_id AND x.line = l.line AND x.status = 'pending'
         ORDER BY x.due_at, x.place LIMIT 1) AS f
      WHERE f.due_at = '9999-01-01 00:00:00+00'));
END
$$;

-- The one that was on its way has ended, whoever wrote it: workers of the release before, too.
CREATE FUNCTION delivery_ended_1() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM begin_lines_1(ARRAY[OLD.workspace_id], ARRAY[OLD.endpoint_id], ARRAY[OLD.line]);
  RETURN NULL;
END
$$;
CREATE TRIGGER webhook_deliveries_ended AFTER UPDATE OF status ON webhook_deliveries FOR EACH ROW
  WHEN (OLD.line IS NOT NULL AND OLD.status = 'pending' AND NEW.status <> 'pending' AND OLD.due_at < '9999-01-01 00:00:00+00')
  EXECUTE FUNCTION delivery_ended_1();

-- As hand_out_2 (0077), with the line that each delivery stands in and its place among those that are made here, both null where its
-- endpoint is not ordered. Each waits, and then the first of each line is made due.
CREATE FUNCTION hand_out_3(
  p_source text, p_lease bigint, p_xid text, p_event uuid, p_deadline_hours int,
  v_workspaces uuid[], v_events uuid[], v_types text[], v_bodies text[], v_traces text[],
  d_events int[], d_endpoints uuid[], d_ids uuid[], d_lines text[], d_places int[]
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_place bigint;
BEGIN
  UPDATE webhook_cursors c
     SET xid = p_xid::xid8, event_id = p_event, moved_at = clock_timestamp(), place = c.place + cardinality(d_ids)
   WHERE c.source = p_source AND c.lease_no = p_lease
  RETURNING c.place - cardinality(d_ids) INTO v_place;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF cardinality(d_ids) = 0 THEN
    RETURN true;
  END IF;
  INSERT INTO webhook_events (workspace_id, event_id, type, body, trace)
  SELECT v_workspaces[n], v_events[n], v_types[n], v_bodies[n], v_traces[n] FROM generate_series(1, cardinality(v_events)) AS n
  ON CONFLICT (workspace_id, event_id) DO NOTHING;
  PERFORM FROM webhook_lanes l
    WHERE (l.workspace_id, l.endpoint_id) IN (
      SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
    ORDER BY l.workspace_id, l.endpoint_id FOR NO KEY UPDATE;
  INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at, due_at, line, place)
  SELECT v_workspaces[d_events[n]], d_ids[n], d_endpoints[n], v_events[d_events[n]], v_types[d_events[n]],
         clock_timestamp() + make_interval(hours => p_deadline_hours),
         CASE WHEN d_lines[n] IS NULL THEN clock_timestamp() ELSE '9999-01-01 00:00:00+00' END, d_lines[n], v_place + d_places[n]
    FROM generate_series(1, cardinality(d_ids)) AS n
  ON CONFLICT (workspace_id, endpoint_id, event_id) DO NOTHING;
  IF cardinality(array_remove(d_lines, NULL)) > 0 THEN
    PERFORM begin_lines_1(
      ARRAY(SELECT v_workspaces[d_events[n]] FROM generate_series(1, cardinality(d_ids)) AS n ORDER BY n), d_endpoints, d_lines);
  END IF;
  UPDATE webhook_lanes l SET due_at = greatest(clock_timestamp(), l.rests_until)
   WHERE (l.workspace_id, l.endpoint_id) IN (
           SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
     AND l.due_at > greatest(clock_timestamp(), l.rests_until);
  RETURN true;
END
$$;

REVOKE ALL ON FUNCTION begin_lines_1(uuid[], uuid[], text[]), delivery_ended_1(),
  hand_out_3(text, bigint, text, uuid, int, uuid[], uuid[], text[], text[], text[], int[], uuid[], uuid[], text[], int[])
  FROM PUBLIC;
-- The API sends again by hand.
GRANT EXECUTE ON FUNCTION begin_lines_1(uuid[], uuid[], text[]) TO capstan_api, capstan_worker;
GRANT EXECUTE ON FUNCTION delivery_ended_1(),
  hand_out_3(text, bigint, text, uuid, int, uuid[], uuid[], text[], text[], text[], int[], uuid[], uuid[], text[], int[])
  TO capstan_worker;
