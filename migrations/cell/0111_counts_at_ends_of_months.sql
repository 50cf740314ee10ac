-- A count that is off by what happened at the very end of a month is mended, as any other, and tells nobody: nothing was lost.

-- How many units of a meter there is proof of within 15 seconds of the beginning or of the end of a period: processes count what has no
-- limit some seconds later, by then in the next month, and ids are drawn by other clocks than slices. Indexes as quota_facts_1 (0034).
CREATE FUNCTION quota_edges_1(p_workspace uuid, p_meter text, p_period date) RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  c_near CONSTANT interval := '15 seconds';
  v_edge timestamptz;
  v_first uuid;
  v_end uuid;
  v_units bigint := 0;
BEGIN
  FOREACH v_edge IN ARRAY ARRAY[period_floor_1(p_period), period_floor_1((p_period + interval '1 month')::date)] LOOP
    v_first := uuid_floor_1(v_edge - c_near);
    v_end := uuid_floor_1(v_edge + c_near);
    IF p_meter = 'executions' THEN
      v_units := v_units
        + (SELECT count(*) FROM executions e
            WHERE e.workspace_id = p_workspace AND e.execution_id >= v_first AND e.execution_id < v_end)
        + (SELECT count(*) FROM pending_starts w
            WHERE w.workspace_id = p_workspace AND w.execution_id >= v_first AND w.execution_id < v_end);
    ELSE
      v_units := v_units
        + (SELECT coalesce(sum(u.units), 0) FROM usage u
            WHERE u.workspace_id = p_workspace AND u.meter = p_meter
              AND u.created_at >= v_edge - c_near AND u.created_at < v_edge + c_near);
    END IF;
  END LOOP;
  RETURN v_units;
END
$$;

-- As before (0035), but that a difference of no more than that has no event.
CREATE OR REPLACE FUNCTION reconcile_quota_1(p_now timestamptz, p_workspace uuid, p_meter text, p_period date) RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  v_seen record;
  v_now record;
  v_counted bigint;
  v_edges bigint;
  v_limited boolean := EXISTS (SELECT FROM quota_limits l WHERE l.workspace_id = p_workspace AND l.meter = p_meter);
  v_quiet boolean := v_limited OR NOT EXISTS (
    SELECT FROM quota_counters q WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period
       AND q.updated_at > p_now - interval '1 minute');
BEGIN
  IF v_quiet THEN
    SELECT q.granted, q.is_off, q.counted_at, q.updated_at, h.live, h.lost,
           quota_facts_1(p_workspace, p_meter, p_period) AS facts
      INTO v_seen
      FROM quota_counters q, quota_held_1(p_now, p_workspace, p_meter, p_period) h
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
  END IF;
  PERFORM FROM quota_counters q
    WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period FOR UPDATE;
  IF NOT FOUND OR NOT v_quiet THEN
    DELETE FROM quota_slices s
     WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period AND s.until_at < p_now;
    IF FOUND THEN
      UPDATE quota_counters q SET is_off = true
       WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
    END IF;
    RETURN false;
  END IF;

  SELECT q.counted_at, q.updated_at, h.lost INTO v_now
    FROM quota_counters q, quota_held_1(p_now, p_workspace, p_meter, p_period) h
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
  IF v_seen.granted IS NULL OR v_now.counted_at IS DISTINCT FROM v_seen.counted_at OR v_now.lost <> v_seen.lost
    OR (NOT v_limited AND v_now.updated_at <> v_seen.updated_at) THEN
    RETURN false;
  END IF;
  IF v_seen.lost = 0 AND v_seen.facts = v_seen.granted - v_seen.live AND NOT v_seen.is_off THEN
    UPDATE quota_counters q SET counted_at = p_now
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
    RETURN false;
  END IF;
  DELETE FROM quota_slices s
   WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period AND s.until_at < p_now;
  UPDATE quota_counters q
     SET granted = greatest(q.granted + v_seen.facts + v_seen.live - v_seen.granted, 0), is_off = v_seen.live > 0,
         counted_at = p_now, updated_at = clock_timestamp()
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
  v_counted := v_seen.granted - v_seen.live - v_seen.lost;
  IF v_seen.is_off OR v_seen.facts BETWEEN v_counted AND v_seen.granted THEN
    RETURN false;
  END IF;
  v_edges := quota_edges_1(p_workspace, p_meter, p_period);
  IF v_seen.facts BETWEEN v_counted - v_edges AND v_seen.granted + v_edges THEN
    RETURN false;
  END IF;
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (event_id_1(p_now), p_workspace, 'quota.reconciled', p_workspace,
          jsonb_build_object('quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'),
                             'counted', v_counted, 'facts', v_seen.facts));
  RETURN true;
END
$$;

REVOKE ALL ON FUNCTION quota_edges_1(uuid, text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION quota_edges_1(uuid, text, date) TO capstan_worker;
