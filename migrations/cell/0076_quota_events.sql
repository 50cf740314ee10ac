-- What a workspace is told of its quotas, once for each quota and month: `quota.soft` with the slice that reaches the limit,
-- `quota.exceeded` with the first refusal. They are kept with custom events, as those of leads and alerts are, so that
-- workflows hear of them as endpoints do.

SET LOCAL lock_timeout = '200ms';

-- When the event of the first refusal was written.
ALTER TABLE quota_counters ADD COLUMN exceeded_at timestamptz;

-- Writes an event of a quota. Its id is one that nobody else can use, the same for the same news. The caller sees to it that it
-- is written once. No room is asked for: a workspace has two of a quota in a month.
CREATE FUNCTION tell_quota_1(
  p_now timestamptz, p_workspace uuid, p_what text, p_meter text, p_period date, p_units_max bigint, p_hard_max bigint,
  p_used bigint
) RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth)
  VALUES (p_workspace, event_id_1(p_now), concat_ws(':', '$quota', quota_name_1(p_meter), to_char(p_period, 'YYYY-MM'), p_what),
          'quota.' || p_what, quota_name_1(p_meter),
          jsonb_build_object(
            'quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'), 'limit', p_units_max, 'hard', p_hard_max,
            'used', p_used, 'resets_at', to_char(p_period + interval '1 month', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
          0)
  ON CONFLICT (workspace_id, client_id) DO NOTHING
$$;

-- As before (0034), but that the event is one that workflows hear. The caller has the lock of the counter's row.
CREATE OR REPLACE FUNCTION say_quota_soft_1(
  p_now timestamptz, p_workspace uuid, p_meter text, p_period date, p_units_max bigint, p_hard_max bigint
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE quota_counters q SET soft_at = p_now
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period AND q.soft_at IS NULL;
  IF FOUND THEN
    PERFORM tell_quota_1(p_now, p_workspace, 'soft', p_meter, p_period, p_units_max, p_hard_max, p_units_max);
  END IF;
END
$$;

-- Writes the event of the first refusal, once; also that of the limit, of a counter that has passed it without, as a limit that
-- was lowered. Locks the counter's row, which the next refusals do not.
CREATE FUNCTION say_quota_exceeded_1(p_now timestamptz, p_counter quota_counters, p_units_max bigint, p_hard_max bigint)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE quota_counters q SET exceeded_at = p_now
   WHERE q.workspace_id = p_counter.workspace_id AND q.meter = p_counter.meter AND q.period = p_counter.period
     AND q.exceeded_at IS NULL;
  IF FOUND THEN
    PERFORM say_quota_soft_1(p_now, p_counter.workspace_id, p_counter.meter, p_counter.period, p_units_max, p_hard_max);
    PERFORM tell_quota_1(p_now, p_counter.workspace_id, 'exceeded', p_counter.meter, p_counter.period, p_units_max, p_hard_max,
                         p_counter.granted);
  END IF;
END
$$;

-- As before (0034), but that the first refusal is told. It is a statement of its own, so that it is written though what was
-- refused writes nothing.
CREATE OR REPLACE FUNCTION take_slice_at_1(
  p_now timestamptz, p_workspace uuid, p_meter text, p_holder uuid, p_held bigint, p_need bigint, p_want bigint
) RETURNS TABLE (granted bigint, limited boolean, units_max bigint, soft boolean, cut boolean, period date, ends_ms bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_period date := date_trunc('month', p_now AT TIME ZONE 'UTC')::date;
  v_limit quota_limits;
  v_counter quota_counters;
  v_rest bigint;
  v_room bigint;
BEGIN
  period := v_period;
  ends_ms := ceil(extract(epoch FROM period_floor_1((v_period + interval '1 month')::date) - p_now) * 1000);
  SELECT l.* INTO v_limit FROM quota_limits l WHERE l.workspace_id = p_workspace AND l.meter = p_meter;
  granted := 0;
  limited := FOUND;
  soft := false;
  cut := false;
  IF NOT limited THEN
    RETURN NEXT;
    RETURN;
  END IF;
  units_max := v_limit.units_max;

  SELECT q.* INTO v_counter FROM quota_counters q
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period;
  IF NOT FOUND THEN
    INSERT INTO quota_counters (workspace_id, meter, period) VALUES (p_workspace, p_meter, v_period) ON CONFLICT DO NOTHING;
  ELSIF v_counter.granted >= v_limit.hard_max
    AND (NOT v_counter.is_off OR v_counter.counted_at > p_now - interval '1 second')
    AND NOT EXISTS (SELECT FROM quota_slices s WHERE s.workspace_id = p_workspace AND s.meter = p_meter
                       AND s.period = v_period AND s.until_at < p_now) THEN
    soft := true;
    cut := true;
    IF v_counter.exceeded_at IS NULL THEN
      PERFORM say_quota_exceeded_1(p_now, v_counter, units_max, v_limit.hard_max);
    END IF;
    RETURN NEXT;
    RETURN;
  END IF;

  SELECT q.* INTO v_counter FROM quota_counters q
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period FOR UPDATE;
  -- As it is now: what it has spent since it last told is among the facts.
  UPDATE quota_slices s SET units = p_held
   WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = v_period AND s.holder = p_holder
     AND p_held > 0 AND s.units > p_held;
  IF p_held = 0 THEN
    DELETE FROM quota_slices s
     WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = v_period AND s.holder = p_holder;
  END IF;
  v_rest := greatest(v_limit.hard_max - v_counter.granted, 0);
  IF v_rest < p_need AND (v_counter.is_off OR EXISTS (
       SELECT FROM quota_slices s WHERE s.workspace_id = p_workspace AND s.meter = p_meter
          AND s.period = v_period AND s.until_at < p_now)) THEN
    PERFORM recount_quota_1(p_now, p_workspace, p_meter, v_period);
    SELECT q.* INTO v_counter FROM quota_counters q
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period;
    v_rest := greatest(v_limit.hard_max - v_counter.granted, 0);
  END IF;

  v_room := CASE WHEN v_counter.granted < units_max THEN units_max - v_counter.granted ELSE v_rest END;
  granted := least(v_rest, greatest(p_need, least(p_want, v_room / 10)));
  cut := granted < p_want;
  soft := v_counter.granted + granted >= units_max;
  IF granted > 0 THEN
    UPDATE quota_counters q SET granted = q.granted + take_slice_at_1.granted, updated_at = p_now
     WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = v_period;
    INSERT INTO quota_slices AS s (workspace_id, meter, period, holder, units, until_at)
    VALUES (p_workspace, p_meter, v_period, p_holder, p_held + granted, p_now + interval '60 seconds')
    ON CONFLICT (workspace_id, meter, period, holder) DO UPDATE SET units = excluded.units, until_at = excluded.until_at;
  END IF;
  IF soft AND v_counter.soft_at IS NULL THEN
    PERFORM say_quota_soft_1(p_now, p_workspace, p_meter, v_period, units_max, v_limit.hard_max);
  END IF;
  IF granted = 0 AND p_need > 0 AND v_counter.exceeded_at IS NULL THEN
    PERFORM say_quota_exceeded_1(p_now, v_counter, units_max, v_limit.hard_max);
  END IF;
  RETURN NEXT;
END
$$;

REVOKE ALL ON FUNCTION tell_quota_1(timestamptz, uuid, text, text, date, bigint, bigint, bigint),
  say_quota_exceeded_1(timestamptz, quota_counters, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_quota_1(timestamptz, uuid, text, text, date, bigint, bigint, bigint),
  say_quota_exceeded_1(timestamptz, quota_counters, bigint, bigint) TO capstan_worker;
