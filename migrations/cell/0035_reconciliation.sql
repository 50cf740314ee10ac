-- Proves each night that counters equal facts, and takes slices of dead processes back.

-- How far the check of a day has come: one row. Who takes the next counter has its lock for that moment.
CREATE TABLE quota_rounds (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT quota_rounds_one CHECK (one),
  day date NOT NULL,
  is_over boolean NOT NULL,
  after_workspace uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  after_meter text NOT NULL DEFAULT '',
  after_period date NOT NULL DEFAULT '-infinity'
);
INSERT INTO quota_rounds (day, is_over) VALUES (current_date - 1, true);

-- Compares one counter with its facts, and mends it. It is right if the facts lie between what holders say they have spent
-- and that with all they hold; without a limit, processes are a few seconds behind, so it is only looked at once it is
-- quiet. Answers whether it was mended; an event says so. Slices whose lease is over are gone: what they were spent on is
-- among the facts.
-- Counting may take long, so it is done before the counter's row is locked, in one statement with what is counted against;
-- what was granted and given back meanwhile stays, as only the difference is written. If somebody else has counted meanwhile,
-- nothing is changed.
CREATE FUNCTION reconcile_quota_1(p_now timestamptz, p_workspace uuid, p_meter text, p_period date) RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  v_seen record;
  v_now record;
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
  IF v_seen.is_off OR v_seen.facts BETWEEN v_seen.granted - v_seen.live - v_seen.lost AND v_seen.granted THEN
    RETURN false;
  END IF;
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (event_id_1(p_now), p_workspace, 'quota.reconciled', p_workspace,
          jsonb_build_object('quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'),
                             'counted', v_seen.granted - v_seen.live - v_seen.lost, 'facts', v_seen.facts));
  RETURN true;
END
$$;

-- What holders of a counter hold, and what is left of those whose lease is over.
CREATE FUNCTION quota_held_1(p_now timestamptz, p_workspace uuid, p_meter text, p_period date)
RETURNS TABLE (live bigint, lost bigint)
LANGUAGE sql STABLE
AS $$
  SELECT coalesce(sum(s.units) FILTER (WHERE s.until_at >= p_now), 0)::bigint,
         coalesce(sum(s.units) FILTER (WHERE s.until_at < p_now), 0)::bigint
    FROM quota_slices s WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period
$$;

-- The next counter of the check of the day, of this month or the last one, in the order of their key; none when nothing is
-- left to do today, or another worker takes one at this moment. It counts as done from now on, so that one that cannot be
-- counted is not met again before tomorrow. A month that was counted after its end is done. Counters of more than a year
-- ago go.
CREATE FUNCTION next_quota_1(p_now timestamptz) RETURNS TABLE (workspace_id uuid, meter text, period date)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_round quota_rounds;
  v_next record;
  v_day date := (p_now AT TIME ZONE 'UTC')::date;
  v_month date := date_trunc('month', p_now AT TIME ZONE 'UTC')::date;
  v_since date := (date_trunc('month', p_now AT TIME ZONE 'UTC') - interval '1 month')::date;
BEGIN
  SELECT x.* INTO v_round FROM quota_rounds x FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR v_round.day > v_day OR (v_round.day = v_day AND v_round.is_over) THEN
    RETURN;
  END IF;
  IF v_round.day < v_day THEN
    DELETE FROM quota_counters q WHERE q.period < (v_since - interval '12 months')::date;
    v_round.after_workspace := '00000000-0000-0000-0000-000000000000';
    v_round.after_meter := '';
    v_round.after_period := '-infinity';
  END IF;
  SELECT q.workspace_id, q.meter, q.period INTO v_next FROM quota_counters q
   WHERE (q.workspace_id, q.meter, q.period) > (v_round.after_workspace, v_round.after_meter, v_round.after_period)
     AND q.period >= v_since
     AND (q.period >= v_month OR q.is_off OR q.counted_at IS NULL
          OR q.counted_at < period_floor_1(v_month) + interval '1 hour')
   ORDER BY q.workspace_id, q.meter, q.period LIMIT 1;
  IF NOT FOUND THEN
    UPDATE quota_rounds x SET day = v_day, is_over = true;
    RETURN;
  END IF;
  UPDATE quota_rounds x
     SET day = v_day, is_over = false, after_workspace = v_next.workspace_id, after_meter = v_next.meter,
         after_period = v_next.period;
  RETURN QUERY SELECT v_next.workspace_id, v_next.meter, v_next.period;
END
$$;

-- A counter that lost a holder; any of them, so that workers seldom take the same one and none is in the way of the others.
-- Slices are few: those of workspaces with limits that were active within a minute.
CREATE FUNCTION lost_quota_1(p_now timestamptz) RETURNS TABLE (workspace_id uuid, meter text, period date)
LANGUAGE sql VOLATILE
AS $$
  SELECT s.workspace_id, s.meter, s.period FROM quota_slices s WHERE s.until_at < p_now ORDER BY random() LIMIT 1
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT SELECT, UPDATE ON quota_rounds TO capstan_worker;
GRANT EXECUTE ON FUNCTION reconcile_quota_1(timestamptz, uuid, text, date),
  quota_held_1(timestamptz, uuid, text, date), next_quota_1(timestamptz), lost_quota_1(timestamptz) TO capstan_worker;
