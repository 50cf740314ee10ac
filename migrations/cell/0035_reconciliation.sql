-- Proves each night that counters equal facts, and takes slices of dead processes back.

-- How far the check of a day has come: one row. Who works on it has its lock, for one bite; a worker that dies gives it up.
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
-- quiet. Answers whether it was mended; an event says so. Locks the counter's row.
CREATE FUNCTION reconcile_quota_1(p_now timestamptz, p_workspace uuid, p_meter text, p_period date) RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  v_counter quota_counters;
  v_held bigint;
  v_facts bigint;
  v_limited boolean := EXISTS (SELECT FROM quota_limits l WHERE l.workspace_id = p_workspace AND l.meter = p_meter);
BEGIN
  SELECT q.* INTO v_counter FROM quota_counters q
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period FOR UPDATE;
  IF NOT FOUND OR (NOT v_limited AND v_counter.updated_at > p_now - interval '1 minute') THEN
    RETURN false;
  END IF;
  SELECT coalesce(sum(s.units), 0) INTO v_held FROM quota_slices s
   WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period;
  v_facts := quota_facts_1(p_workspace, p_meter, p_period);
  IF v_facts = v_counter.granted - v_held AND NOT v_counter.is_off THEN
    UPDATE quota_counters q SET counted_at = p_now
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
    RETURN false;
  END IF;
  PERFORM recount_quota_1(p_now, p_workspace, p_meter, p_period);
  IF v_counter.is_off OR v_facts BETWEEN v_counter.granted - v_held AND v_counter.granted THEN
    RETURN false;
  END IF;
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (event_id_1(p_now), p_workspace, 'quota.reconciled', p_workspace,
          jsonb_build_object('quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'),
                             'counted', v_counter.granted - v_held, 'facts', v_facts));
  RETURN true;
END
$$;

-- One bite of the check of the day: counters of this month and the last one, in the order of their key. `checked` is 0 when
-- nothing is left to do today, or another worker is at it. Counters of more than a year ago go.
CREATE FUNCTION reconcile_quotas_1(p_now timestamptz, p_bite int) RETURNS TABLE (checked int, mended int)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  v_round quota_rounds;
  v_day date := (p_now AT TIME ZONE 'UTC')::date;
  v_since date := (date_trunc('month', p_now AT TIME ZONE 'UTC') - interval '1 month')::date;
  r record;
BEGIN
  checked := 0;
  mended := 0;
  SELECT x.* INTO v_round FROM quota_rounds x FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR v_round.day > v_day OR (v_round.day = v_day AND v_round.is_over) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF v_round.day < v_day THEN
    DELETE FROM quota_counters q WHERE q.period < (v_since - interval '12 months')::date;
    v_round.after_workspace := '00000000-0000-0000-0000-000000000000';
    v_round.after_meter := '';
    v_round.after_period := '-infinity';
  END IF;
  FOR r IN
    SELECT q.workspace_id, q.meter, q.period FROM quota_counters q
     WHERE (q.workspace_id, q.meter, q.period) > (v_round.after_workspace, v_round.after_meter, v_round.after_period)
     ORDER BY q.workspace_id, q.meter, q.period LIMIT p_bite
  LOOP
    checked := checked + 1;
    v_round.after_workspace := r.workspace_id;
    v_round.after_meter := r.meter;
    v_round.after_period := r.period;
    IF r.period >= v_since AND reconcile_quota_1(p_now, r.workspace_id, r.meter, r.period) THEN
      mended := mended + 1;
    END IF;
  END LOOP;
  UPDATE quota_rounds x
     SET day = v_day, is_over = checked < p_bite, after_workspace = v_round.after_workspace,
         after_meter = v_round.after_meter, after_period = v_round.after_period;
  RETURN NEXT;
END
$$;

-- Counts what lost its holder, at most `p_bite` counters; how many there were. Counters are locked in the order of their key.
-- Slices are few: those of workspaces with limits that were active within a minute.
CREATE FUNCTION reclaim_slices_1(p_now timestamptz, p_bite int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_reclaimed int := 0;
  r record;
BEGIN
  FOR r IN
    SELECT DISTINCT s.workspace_id, s.meter, s.period FROM quota_slices s
     WHERE s.until_at < p_now ORDER BY s.workspace_id, s.meter, s.period LIMIT p_bite
  LOOP
    PERFORM FROM quota_counters q
      WHERE q.workspace_id = r.workspace_id AND q.meter = r.meter AND q.period = r.period FOR UPDATE;
    PERFORM recount_quota_1(p_now, r.workspace_id, r.meter, r.period);
    v_reclaimed := v_reclaimed + 1;
  END LOOP;
  RETURN v_reclaimed;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT SELECT, UPDATE ON quota_rounds TO capstan_worker;
GRANT EXECUTE ON FUNCTION reconcile_quota_1(timestamptz, uuid, text, date), reconcile_quotas_1(timestamptz, int),
  reclaim_slices_1(timestamptz, int) TO capstan_worker;
