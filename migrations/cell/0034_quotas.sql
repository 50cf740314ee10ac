-- Quotas: limits copied from `control`, and slices with a holder and a lease, so that those of a dead process come back.
-- `quota_counters.granted` is what was used in a period and what processes hold of it unspent; the sum of its slices is the
-- latter as last told. All changes of a counter and of its slices are made under the lock of the counter's row.
-- A workspace without a limit takes no slices: processes tell now and then what it used.

-- Limits of a workspace by meter, of its plan and what was changed of it. No row: no limit. Beyond `hard_max` nothing is granted.
CREATE TABLE quota_limits (
  workspace_id uuid NOT NULL,
  meter text NOT NULL CONSTRAINT quota_limits_meter_form CHECK (meter ~ '^[a-z][a-z0-9_]{0,49}$'),
  units_max bigint NOT NULL CONSTRAINT quota_limits_units_max CHECK (units_max BETWEEN 0 AND 1000000000000),
  hard_max bigint NOT NULL,
  PRIMARY KEY (workspace_id, meter),
  CONSTRAINT quota_limits_hard_max CHECK (hard_max >= units_max)
);

-- Which plan these limits are of. An older revision never replaces a newer one.
CREATE TABLE quota_plans (
  workspace_id uuid PRIMARY KEY,
  plan text NOT NULL,
  revision bigint NOT NULL,
  synced_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What a process holds of a counter, as it last told: unspent, or spent on what may not be written yet.
CREATE TABLE quota_slices (
  workspace_id uuid NOT NULL,
  meter text NOT NULL,
  period date NOT NULL,
  holder uuid NOT NULL,
  units bigint NOT NULL CONSTRAINT quota_slices_units CHECK (units > 0),
  until_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, meter, period, holder)
) WITH (fillfactor = 50);

-- `soft_at`: when its event was written. `is_off`: it was counted while slices were held, so it may be too high.
ALTER TABLE quota_counters
  ADD COLUMN soft_at timestamptz,
  ADD COLUMN is_off boolean NOT NULL DEFAULT false,
  ADD COLUMN counted_at timestamptz;

-- For counting what steps used, and for showing it. Few rows are there: so far only mails have one. Those of
-- the months that are there are made before, while rows go on being written (see ahead.rs), and only attached here.
CREATE INDEX usage_meter ON usage (workspace_id, meter, created_at);
CREATE INDEX usage_workspace ON usage (workspace_id, execution_id, position);

-- The first moment of a period.
CREATE FUNCTION period_floor_1(p_period date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT p_period::timestamp AT TIME ZONE 'UTC' $$;

-- How many units of a period there is proof of: of executions, their rows and those of executions to be, by the month of
-- the id; of all else, rows of `usage`, by when they were written. Uses executions_workspace (in one partition),
-- pending_starts_key and usage_meter.
CREATE FUNCTION quota_facts_1(p_workspace uuid, p_meter text, p_period date) RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  v_from timestamptz := period_floor_1(p_period);
  v_to timestamptz := period_floor_1((p_period + interval '1 month')::date);
  v_first uuid := uuid_floor_1(v_from);
  v_end uuid := uuid_floor_1(v_to);
BEGIN
  IF p_meter = 'executions' THEN
    RETURN (SELECT count(*) FROM executions e
             WHERE e.workspace_id = p_workspace AND e.execution_id >= v_first AND e.execution_id < v_end)
         + (SELECT count(*) FROM pending_starts w
             WHERE w.workspace_id = p_workspace AND w.execution_id >= v_first AND w.execution_id < v_end);
  END IF;
  RETURN (SELECT coalesce(sum(u.units), 0) FROM usage u
           WHERE u.workspace_id = p_workspace AND u.meter = p_meter AND u.created_at >= v_from AND u.created_at < v_to);
END
$$;

-- Sets a counter to its facts and what is held. Slices whose lease is over are gone: what they were spent on is among the
-- facts. What holders have spent since they last told is counted twice until it is counted again. The caller has the
-- lock of the counter's row. Answers what was held.
CREATE FUNCTION recount_quota_1(p_now timestamptz, p_workspace uuid, p_meter text, p_period date) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  v_held bigint;
BEGIN
  DELETE FROM quota_slices s
   WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period AND s.until_at < p_now;
  SELECT coalesce(sum(s.units), 0) INTO v_held FROM quota_slices s
   WHERE s.workspace_id = p_workspace AND s.meter = p_meter AND s.period = p_period;
  UPDATE quota_counters q
     SET granted = quota_facts_1(p_workspace, p_meter, p_period) + v_held, is_off = v_held > 0, counted_at = p_now,
         updated_at = p_now
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period;
  RETURN v_held;
END
$$;

-- Writes the event of a counter that has come to its limit, once. The caller has the lock of the counter's row.
CREATE FUNCTION say_quota_soft_1(
  p_now timestamptz, p_workspace uuid, p_meter text, p_period date, p_units_max bigint, p_hard_max bigint
) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE quota_counters q SET soft_at = p_now
   WHERE q.workspace_id = p_workspace AND q.meter = p_meter AND q.period = p_period AND q.soft_at IS NULL;
  IF FOUND THEN
    INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
    VALUES (event_id_1(p_now), p_workspace, 'quota.soft', p_workspace,
            jsonb_build_object('quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'),
                               'limit', p_units_max, 'hard', p_hard_max, 'used', p_units_max));
  END IF;
END
$$;

-- A UUIDv7 of that moment.
CREATE FUNCTION event_id_1(p_at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE STRICT
AS $$ SELECT overlay(gen_random_uuid()::text placing left(uuid_floor_1(p_at)::text, 14) || '7' from 1 for 15)::uuid $$;

-- What plans call a meter.
CREATE FUNCTION quota_name_1(p_meter text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT CASE p_meter WHEN 'executions' THEN 'executions_per_month' WHEN 'emails' THEN 'email_sends_per_month' ELSE p_meter END
$$;

-- Takes a slice for a holder that holds `p_held` units already, needs `p_need` at once and would like `p_want`: a tenth of what
-- is left before the next limit, so that slices shrink as that does, but as many as are needed if there are so many.
-- Where no limit is, `limited` is false and nothing is written. Zero units are a refusal, which comes only after slices of
-- dead processes were looked for; where those do not exist, it locks nothing. One row, by key. `cut`: near a limit.
CREATE FUNCTION take_slice_at_1(
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
  RETURN NEXT;
END
$$;

CREATE FUNCTION take_slice_2(p_workspace uuid, p_meter text, p_holder uuid, p_held bigint, p_need bigint, p_want bigint)
RETURNS TABLE (granted bigint, limited boolean, units_max bigint, soft boolean, cut boolean, period date, ends_ms bigint)
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT t.granted, t.limited, t.units_max, t.soft, t.cut, t.period, t.ends_ms
    FROM take_slice_at_1(clock_timestamp(), p_workspace, p_meter, p_holder, p_held, p_need, p_want) t
$$;

-- Holders tell what they hold now, and give units back, all arrays in step. A slice that holds less than is told was
-- reclaimed, or told of before: it stays as it is. Locks counters in the order of their key.
CREATE FUNCTION settle_slices_1(
  p_workspaces uuid[], p_meters text[], p_periods date[], p_holders uuid[], p_held bigint[], p_back bigint[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
  r record;
BEGIN
  FOR r IN
    SELECT i.workspace_id, i.meter, i.period, i.holder, i.held, i.back
      FROM unnest(p_workspaces, p_meters, p_periods, p_holders, p_held, p_back)
        AS i (workspace_id, meter, period, holder, held, back)
     ORDER BY i.workspace_id, i.meter, i.period, i.holder
  LOOP
    PERFORM FROM quota_counters q
      WHERE q.workspace_id = r.workspace_id AND q.meter = r.meter AND q.period = r.period FOR UPDATE;
    IF r.held > 0 THEN
      UPDATE quota_slices s SET units = r.held, until_at = clock_timestamp() + interval '60 seconds'
       WHERE s.workspace_id = r.workspace_id AND s.meter = r.meter AND s.period = r.period AND s.holder = r.holder
         AND s.units >= r.held + r.back;
    ELSE
      DELETE FROM quota_slices s
       WHERE s.workspace_id = r.workspace_id AND s.meter = r.meter AND s.period = r.period AND s.holder = r.holder
         AND s.units >= r.back;
    END IF;
    IF FOUND AND r.back > 0 THEN
      UPDATE quota_counters q SET granted = greatest(q.granted - r.back, 0), updated_at = clock_timestamp()
       WHERE q.workspace_id = r.workspace_id AND q.meter = r.meter AND q.period = r.period;
    END IF;
  END LOOP;
END
$$;

-- Counts what workspaces without a limit used, all arrays in step, each key once. Answers which have a limit by now: they
-- are to take slices. Locks counters in the order of their key.
CREATE FUNCTION note_usage_1(p_workspaces uuid[], p_meters text[], p_units bigint[])
RETURNS TABLE (workspace_id uuid, meter text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO quota_counters AS q (workspace_id, meter, period, granted)
  SELECT i.workspace_id, i.meter, date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date, greatest(i.units, 0)
    FROM unnest(p_workspaces, p_meters, p_units) AS i (workspace_id, meter, units)
   ORDER BY i.workspace_id, i.meter
  ON CONFLICT (workspace_id, meter, period) DO UPDATE
     SET granted = q.granted + excluded.granted, updated_at = clock_timestamp();
  -- Where a limit has come meanwhile, its counter may have been counted with these units among the facts.
  UPDATE quota_counters q SET is_off = true, counted_at = NULL
    FROM unnest(p_workspaces, p_meters) AS i (workspace_id, meter)
   WHERE q.workspace_id = i.workspace_id AND q.meter = i.meter
     AND q.period = date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date
     AND EXISTS (SELECT FROM quota_limits l WHERE l.workspace_id = i.workspace_id AND l.meter = i.meter);
  RETURN QUERY
  SELECT i.workspace_id, i.meter
    FROM unnest(p_workspaces, p_meters) AS i (workspace_id, meter)
   WHERE EXISTS (SELECT FROM quota_limits l WHERE l.workspace_id = i.workspace_id AND l.meter = i.meter);
END
$$;

-- Replaces the limits of the workspace of this transaction by `[{"meter", "units_max", "hard_max"}]`; false, and nothing is
-- changed, if they are of an older revision than those that are there. Its counters are counted: without a limit, they are
-- not exact.
CREATE FUNCTION set_quota_limits_1(p_plan text, p_revision bigint, p_limits jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  v_period date := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date;
  r record;
BEGIN
  INSERT INTO quota_plans AS p (workspace_id, plan, revision) VALUES (v_workspace, p_plan, p_revision)
  ON CONFLICT (workspace_id) DO UPDATE
     SET plan = excluded.plan, revision = excluded.revision, synced_at = clock_timestamp()
   WHERE p.revision <= excluded.revision;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM quota_limits l WHERE l.workspace_id = v_workspace;
  INSERT INTO quota_limits (workspace_id, meter, units_max, hard_max)
  SELECT v_workspace, i.meter, i.units_max, i.hard_max
    FROM jsonb_to_recordset(p_limits) AS i (meter text, units_max bigint, hard_max bigint);
  INSERT INTO quota_counters (workspace_id, meter, period)
  SELECT v_workspace, l.meter, v_period FROM quota_limits l
   WHERE l.workspace_id = v_workspace AND l.meter IN ('executions', 'emails') ORDER BY l.meter
  ON CONFLICT DO NOTHING;
  FOR r IN
    SELECT q.meter FROM quota_counters q JOIN quota_limits l ON l.workspace_id = q.workspace_id AND l.meter = q.meter
     WHERE q.workspace_id = v_workspace AND q.period = v_period ORDER BY q.meter FOR UPDATE OF q
  LOOP
    PERFORM recount_quota_1(clock_timestamp(), v_workspace, r.meter, v_period);
  END LOOP;
  RETURN true;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['quota_limits', 'quota_plans', 'quota_slices'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY %I ON %I TO capstan_api, capstan_tenant '
      'USING (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid) '
      'WITH CHECK (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid)',
      v_table || '_tenant', v_table);
    EXECUTE format('CREATE POLICY %I ON %I TO capstan_worker USING (true) WITH CHECK (true)',
      v_table || '_worker', v_table);
  END LOOP;
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION take_slice_2(uuid, text, uuid, bigint, bigint, bigint) OWNER TO capstan_worker;
  ALTER FUNCTION settle_slices_1(uuid[], text[], date[], uuid[], bigint[], bigint[]) OWNER TO capstan_worker;
  ALTER FUNCTION note_usage_1(uuid[], text[], bigint[]) OWNER TO capstan_worker;
  ALTER FUNCTION set_quota_limits_1(text, bigint, jsonb) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON quota_limits, quota_plans, quota_slices TO capstan_worker;
GRANT DELETE ON quota_counters TO capstan_worker;
GRANT SELECT ON quota_limits, quota_plans, quota_slices TO capstan_api;
GRANT EXECUTE ON FUNCTION take_slice_2(uuid, text, uuid, bigint, bigint, bigint),
  settle_slices_1(uuid[], text[], date[], uuid[], bigint[], bigint[]), note_usage_1(uuid[], text[], bigint[]) TO capstan_starter;
GRANT EXECUTE ON FUNCTION set_quota_limits_1(text, bigint, jsonb), period_floor_1(date), quota_name_1(text) TO capstan_api;
GRANT EXECUTE ON FUNCTION period_floor_1(date), quota_facts_1(uuid, text, date), recount_quota_1(timestamptz, uuid, text, date),
  say_quota_soft_1(timestamptz, uuid, text, date, bigint, bigint), event_id_1(timestamptz), quota_name_1(text),
  take_slice_at_1(timestamptz, uuid, text, uuid, bigint, bigint, bigint),
  take_slice_2(uuid, text, uuid, bigint, bigint, bigint),
  settle_slices_1(uuid[], text[], date[], uuid[], bigint[], bigint[]), note_usage_1(uuid[], text[], bigint[]) TO capstan_worker;
