-- Writes what an attempt came to, if the lane's lease is still that of who made it: a row of the attempt, and the delivery
-- as it is now. `p_status` is `pending` with a pause before the next attempt, or how the delivery ends. Answers whether it
-- was written; an attempt under a lease that was lost leaves no trace. `p_tried` is what the attempt began with: where it is
-- another by now, a person sent the delivery again meanwhile, and that stays due unless the attempt has arrived. Locks: the lane, against who takes it over, then the
-- delivery.
CREATE FUNCTION settle_delivery_1(
  p_workspace uuid, p_endpoint uuid, p_lease bigint, p_delivery uuid, p_tried int, p_status text, p_reason text,
  p_pause_ms bigint,
  p_started_at timestamptz, p_duration_ms bigint, p_status_code int, p_error text, p_detail text, p_response text
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_number int;
BEGIN
  PERFORM FROM webhook_lanes l
    WHERE l.workspace_id = p_workspace AND l.endpoint_id = p_endpoint AND l.lease_no = p_lease FOR SHARE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE webhook_deliveries d
     SET attempts = d.attempts + 1,
         tried = d.tried + CASE WHEN d.tried = p_tried THEN 1 ELSE 0 END,
         status = CASE WHEN p_status = 'delivered' OR d.status = 'pending' AND d.tried = p_tried THEN p_status
                       ELSE d.status END,
         reason = CASE WHEN p_status = 'delivered' OR d.status = 'pending' AND d.tried = p_tried THEN p_reason
                       ELSE d.reason END,
         due_at = CASE WHEN d.tried = p_tried THEN clock_timestamp() + p_pause_ms * interval '1 millisecond'
                       ELSE d.due_at END,
         settled_at = CASE WHEN d.status = 'pending' AND p_status <> 'delivered'
                             AND (p_status = 'pending' OR d.tried <> p_tried) THEN NULL
                           ELSE coalesce(d.settled_at, clock_timestamp()) END
   WHERE d.workspace_id = p_workspace AND d.delivery_id = p_delivery
  RETURNING d.attempts INTO v_number;
  IF NOT FOUND THEN
    RETURN true;
  END IF;
  INSERT INTO webhook_attempts (workspace_id, delivery_id, number, lease_no, started_at, duration_ms, status_code, outcome,
                                error, detail, response)
  VALUES (p_workspace, p_delivery, v_number, p_lease, p_started_at, p_duration_ms, p_status_code,
          CASE WHEN p_status = 'delivered' THEN 'delivered' ELSE 'failed' END, p_error, p_detail, p_response);
  RETURN true;
END
$$;

-- Ends a delivery without an attempt: its time is over.
CREATE FUNCTION give_up_delivery_1(p_workspace uuid, p_endpoint uuid, p_lease bigint, p_delivery uuid, p_reason text)
RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM webhook_lanes l
    WHERE l.workspace_id = p_workspace AND l.endpoint_id = p_endpoint AND l.lease_no = p_lease FOR SHARE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE webhook_deliveries d SET status = 'failed', reason = p_reason, settled_at = clock_timestamp()
   WHERE d.workspace_id = p_workspace AND d.delivery_id = p_delivery AND d.status = 'pending';
  RETURN true;
END
$$;

-- Takes leases of lanes that are due, the longest due first: of well ones, or of those that fail. A workspace gets at most
-- `p_share`, with those that it has taken. Skips what others lock.
CREATE FUNCTION claim_lanes_1(
  p_ailing boolean, p_limit int, p_lease_ms bigint, p_workspaces uuid[], p_taken int[], p_share int
) RETURNS TABLE (
  workspace_id uuid, endpoint_id uuid, lease_no bigint, failures int, failing_since timestamptz, warned boolean
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_full uuid[] := ARRAY(
    SELECT t.workspace_id FROM unnest(p_workspaces, p_taken) AS t (workspace_id, taken) WHERE t.taken >= p_share);
  v_lanes tid[];
BEGIN
  IF p_ailing THEN
    v_lanes := ARRAY(
      WITH due AS MATERIALIZED (
        SELECT l.ctid AS lane, l.workspace_id, l.due_at FROM webhook_lanes l
         WHERE l.failures > 0 AND l.due_at < 'infinity' AND l.due_at <= statement_timestamp()
           AND l.leased_until <= statement_timestamp() AND l.workspace_id <> ALL (v_full)
         ORDER BY l.due_at LIMIT p_limit * 2 FOR UPDATE SKIP LOCKED
      ), placed AS (
        SELECT d.lane, d.due_at, coalesce(t.taken, 0)
               + row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.due_at) AS place
          FROM due d LEFT JOIN unnest(p_workspaces, p_taken) AS t (workspace_id, taken) ON t.workspace_id = d.workspace_id
      )
      SELECT p.lane FROM placed p WHERE p.place <= p_share ORDER BY p.due_at LIMIT p_limit);
  ELSE
    v_lanes := ARRAY(
      WITH due AS MATERIALIZED (
        SELECT l.ctid AS lane, l.workspace_id, l.due_at FROM webhook_lanes l
         WHERE l.failures = 0 AND l.due_at < 'infinity' AND l.due_at <= statement_timestamp()
           AND l.leased_until <= statement_timestamp() AND l.workspace_id <> ALL (v_full)
         ORDER BY l.due_at LIMIT p_limit * 2 FOR UPDATE SKIP LOCKED
      ), placed AS (
        SELECT d.lane, d.due_at, coalesce(t.taken, 0)
               + row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.due_at) AS place
          FROM due d LEFT JOIN unnest(p_workspaces, p_taken) AS t (workspace_id, taken) ON t.workspace_id = d.workspace_id
      )
      SELECT p.lane FROM placed p WHERE p.place <= p_share ORDER BY p.due_at LIMIT p_limit);
  END IF;
  RETURN QUERY
  UPDATE webhook_lanes l
     SET lease_no = l.lease_no + 1, leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond'
   WHERE l.ctid = ANY (v_lanes)
  RETURNING l.workspace_id, l.endpoint_id, l.lease_no, l.failures, l.failing_since, l.warned;
END
$$;

-- Gives a lane back: with the failures in a row, and due when its next delivery is, though not before
-- `p_pause_ms` from now. The row is locked before the next delivery is looked for, so that none is missed that comes meanwhile.
CREATE FUNCTION release_lane_1(
  p_workspace uuid, p_endpoint uuid, p_lease bigint, p_failures int, p_warned boolean, p_pause_ms bigint
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_next timestamptz;
BEGIN
  PERFORM FROM webhook_lanes l
    WHERE l.workspace_id = p_workspace AND l.endpoint_id = p_endpoint AND l.lease_no = p_lease FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  SELECT d.due_at INTO v_next FROM webhook_deliveries d
   WHERE d.workspace_id = p_workspace AND d.endpoint_id = p_endpoint AND d.status = 'pending'
   ORDER BY d.due_at LIMIT 1;
  UPDATE webhook_lanes l
     SET leased_until = '-infinity', failures = p_failures, warned = p_warned,
         failing_since = CASE WHEN p_failures > 0 THEN coalesce(l.failing_since, clock_timestamp()) END,
         rests_until = clock_timestamp() + p_pause_ms * interval '1 millisecond',
         due_at = greatest(coalesce(v_next, 'infinity'), clock_timestamp() + p_pause_ms * interval '1 millisecond')
   WHERE l.workspace_id = p_workspace AND l.endpoint_id = p_endpoint;
  RETURN true;
END
$$;

-- Hands events out: bodies, deliveries to endpoints, and lanes that are due with them. The cursor moves in the same
-- transaction, so each delivery is made once. Locks: the cursor, then the lanes in order, which keeps those who give a lane
-- back from missing what is not committed yet. Answers whether the lease of the cursor still held.
CREATE FUNCTION hand_out_1(
  p_source text, p_lease bigint, p_xid text, p_event uuid, p_deadline_hours int,
  v_workspaces uuid[], v_events uuid[], v_types text[], v_bodies text[],
  d_events int[], d_endpoints uuid[], d_ids uuid[]
) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE webhook_cursors c SET xid = p_xid::xid8, event_id = p_event, moved_at = clock_timestamp()
   WHERE c.source = p_source AND c.lease_no = p_lease;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF cardinality(d_ids) = 0 THEN
    RETURN true;
  END IF;
  INSERT INTO webhook_events (workspace_id, event_id, type, body)
  SELECT v_workspaces[n], v_events[n], v_types[n], v_bodies[n] FROM generate_series(1, cardinality(v_events)) AS n
  ON CONFLICT (workspace_id, event_id) DO NOTHING;
  PERFORM FROM webhook_lanes l
    WHERE (l.workspace_id, l.endpoint_id) IN (
      SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
    ORDER BY l.workspace_id, l.endpoint_id FOR NO KEY UPDATE;
  INSERT INTO webhook_deliveries (workspace_id, delivery_id, endpoint_id, event_id, type, deadline_at)
  SELECT v_workspaces[d_events[n]], d_ids[n], d_endpoints[n], v_events[d_events[n]], v_types[d_events[n]],
         clock_timestamp() + make_interval(hours => p_deadline_hours)
    FROM generate_series(1, cardinality(d_ids)) AS n
  ON CONFLICT (workspace_id, endpoint_id, event_id) DO NOTHING;
  UPDATE webhook_lanes l SET due_at = greatest(clock_timestamp(), l.rests_until)
   WHERE (l.workspace_id, l.endpoint_id) IN (
           SELECT v_workspaces[d_events[n]], d_endpoints[n] FROM generate_series(1, cardinality(d_ids)) AS n)
     AND l.due_at > greatest(clock_timestamp(), l.rests_until);
  RETURN true;
END
$$;

-- Removes deliveries, with their attempts, that have ended and were made before `p_before`, and events and deleted
-- endpoints that nobody needs any more; answers how many rows. Come again while it is not zero.
CREATE FUNCTION tidy_webhooks_1(p_before timestamptz, p_bite int) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  v_rows bigint;
  v_more bigint;
BEGIN
  WITH old AS MATERIALIZED (
    SELECT d.ctid, d.workspace_id, d.delivery_id FROM webhook_deliveries d
     WHERE d.created_at < p_before AND d.status <> 'pending' ORDER BY d.created_at LIMIT p_bite FOR UPDATE SKIP LOCKED
  ), attempts AS (
    DELETE FROM webhook_attempts a USING old o WHERE a.workspace_id = o.workspace_id AND a.delivery_id = o.delivery_id
  )
  DELETE FROM webhook_deliveries d WHERE d.ctid = ANY (ARRAY(SELECT o.ctid FROM old o));
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  DELETE FROM webhook_events e WHERE e.ctid = ANY (ARRAY(
    SELECT x.ctid FROM webhook_events x
     WHERE x.created_at < p_before AND NOT EXISTS (
       SELECT FROM webhook_endpoints p JOIN webhook_deliveries d
           ON d.workspace_id = p.workspace_id AND d.endpoint_id = p.endpoint_id AND d.event_id = x.event_id
        WHERE p.workspace_id = x.workspace_id)
     ORDER BY x.created_at LIMIT p_bite));
  GET DIAGNOSTICS v_more = ROW_COUNT;
  v_rows := v_rows + v_more;
  WITH gone AS (
    DELETE FROM webhook_endpoints p WHERE p.ctid = ANY (ARRAY(
      SELECT x.ctid FROM webhook_endpoints x
       WHERE x.status = 'deleted' AND x.updated_at < p_before AND NOT EXISTS (
         SELECT FROM webhook_deliveries d WHERE d.workspace_id = x.workspace_id AND d.endpoint_id = x.endpoint_id)
       LIMIT p_bite))
    RETURNING p.workspace_id, p.endpoint_id
  )
  DELETE FROM webhook_lanes l USING gone g WHERE l.workspace_id = g.workspace_id AND l.endpoint_id = g.endpoint_id;
  RETURN v_rows;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION
  settle_delivery_1(uuid, uuid, bigint, uuid, int, text, text, bigint, timestamptz, bigint, int, text, text, text),
  give_up_delivery_1(uuid, uuid, bigint, uuid, text),
  claim_lanes_1(boolean, int, bigint, uuid[], int[], int),
  release_lane_1(uuid, uuid, bigint, int, boolean, bigint),
  hand_out_1(text, bigint, text, uuid, int, uuid[], uuid[], text[], text[], int[], uuid[], uuid[]),
  tidy_webhooks_1(timestamptz, int) TO capstan_worker;
