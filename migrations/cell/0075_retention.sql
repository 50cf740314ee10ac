-- Months of history that are removed: how long they are kept, which are on their way out, and the only functions that take one away.

-- For how long; null is for good. The operator alone sets it, as the owner: no worker can make it shorter. One row.
CREATE TABLE retention (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT retention_one CHECK (one),
  keep_days int CONSTRAINT retention_keep_days CHECK (keep_days BETWEEN 31 AND 36500),
  -- Whether a month may be dropped only once it was archived.
  is_archived boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO retention DEFAULT VALUES;

-- Months on their way out, by their first day. `closed_at`: all of it has ended, so nothing is written to it any more.
-- Written only by the functions below.
CREATE TABLE history_months (
  month date PRIMARY KEY CONSTRAINT history_months_first CHECK (extract(day FROM month) = 1),
  closed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  archived_at timestamptz,
  dropped_at timestamptz
);

GRANT SELECT ON retention, history_months TO capstan_worker, capstan_api;

-- The first moment of a month as an id: ids of it are from here up to that of the next one.
CREATE FUNCTION month_floor_1(p_month date) RETURNS uuid
LANGUAGE sql STABLE STRICT SET search_path FROM CURRENT
AS $$
  SELECT uuid_floor_1(p_month::timestamp AT TIME ZONE 'UTC')
$$;

-- Months that are wholly older than what is kept and of which a table is there still, oldest first. One whose tables are detached
-- or half gone is among them. Those who keep all have none.
CREATE FUNCTION old_months_1() RETURNS SETOF date
LANGUAGE sql STABLE SET search_path FROM CURRENT
AS $$
  SELECT DISTINCT m.month
    FROM pg_class c,
         LATERAL (SELECT CASE WHEN c.relname ~ '^(executions|journal|execution_logs|usage)_[0-9]{4}_(0[1-9]|1[0-2])$'
                              THEN to_date(right(c.relname, 7), 'YYYY_MM') END AS month) m,
         retention r
   WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
     AND (m.month + interval '1 month') AT TIME ZONE 'UTC' <= clock_timestamp() - make_interval(days => r.keep_days)
   ORDER BY m.month
$$;

-- Whether something of a month has not ended: an execution, or one that has its id and waits to begin. The owner sees no rows, as
-- row-level security is forced; so this runs as the role of workers. Reads the month's executions up to the first such one.
CREATE FUNCTION month_open_1(p_month date) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = on
AS $$
DECLARE
  v_from uuid := month_floor_1(p_month);
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
BEGIN
  RETURN EXISTS (SELECT FROM executions e
                  WHERE e.execution_id >= v_from AND e.execution_id < v_to AND e.ended_at IS NULL)
      OR EXISTS (SELECT FROM pending_starts p WHERE p.execution_id >= v_from AND p.execution_id < v_to)
      OR EXISTS (SELECT FROM queue q WHERE q.execution_id >= v_from AND q.execution_id < v_to)
      OR EXISTS (SELECT FROM leases l WHERE l.execution_id >= v_from AND l.execution_id < v_to);
END
$$;

-- Closes a month, so that it may be archived and dropped; null if it is closed, else why it is kept. The months go oldest first and
-- one by one: what began in a month may be read by what began before it (a parent reads its children), never by what has ended.
CREATE FUNCTION close_month_1(p_month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  IF p_month NOT IN (SELECT old_months_1()) THEN
    RETURN 'it is not older than what is kept';
  END IF;
  IF p_month <> (SELECT min(o.month) FROM old_months_1() o (month)) THEN
    RETURN 'an earlier month is there still';
  END IF;
  IF EXISTS (SELECT FROM history_months h WHERE h.month = p_month AND h.dropped_at IS NULL) THEN
    RETURN NULL;
  END IF;
  IF month_open_1(p_month) THEN
    RETURN 'an execution of it has not ended';
  END IF;
  INSERT INTO history_months (month) VALUES (p_month)
  ON CONFLICT (month) DO UPDATE SET closed_at = clock_timestamp(), archived_at = NULL, dropped_at = NULL;
  RETURN NULL;
END
$$;

-- Notes that all rows of a closed month are in an archive; whether there is such a month.
CREATE FUNCTION note_archived_1(p_month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  UPDATE history_months SET archived_at = clock_timestamp() WHERE month = p_month AND dropped_at IS NULL;
  RETURN FOUND;
END
$$;

-- Drops the next table of a closed month, and answers its name; null once none is left. A table is detached and dropped in one
-- transaction. Executions go first: whatever stands behind them is not reached any more, and the next call goes on with it.
-- Locks the parent and the table exclusively, for a moment: it gives up after 200 ms (`lock_not_available`), as all that read or write
-- the history would queue behind it. Try again then.
CREATE FUNCTION drop_month_1(p_month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms'
AS $$
DECLARE
  v_parent text;
  v_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#months'), 0);
  PERFORM FROM history_months h, retention r
    WHERE h.month = p_month AND h.dropped_at IS NULL AND r.keep_days IS NOT NULL
      AND (h.archived_at IS NOT NULL OR NOT r.is_archived);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the month % is not closed, or not archived', p_month USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF EXISTS (SELECT FROM old_months_1() o (month) WHERE o.month = p_month) THEN
    FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage'] LOOP
      v_name := v_parent || to_char(p_month, '_YYYY_MM');
      CONTINUE WHEN to_regclass(quote_ident(v_name)) IS NULL;
      IF EXISTS (SELECT FROM pg_inherits i
                  WHERE i.inhrelid = to_regclass(quote_ident(v_name)) AND i.inhparent = to_regclass(v_parent)) THEN
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', v_parent, v_name);
      END IF;
      EXECUTE format('DROP TABLE %I', v_name);
      RETURN v_name;
    END LOOP;
  END IF;
  IF to_regclass(quote_ident('usage' || to_char(p_month, '_YYYY_MM'))) IS NULL THEN
    UPDATE history_months SET dropped_at = clock_timestamp() WHERE month = p_month;
  ELSE
    DELETE FROM history_months WHERE month = p_month; -- the operator keeps it after all
  END IF;
  RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION month_floor_1(date), old_months_1(), month_open_1(date), close_month_1(date), note_archived_1(date),
  drop_month_1(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION month_floor_1(date), old_months_1(), close_month_1(date), note_archived_1(date), drop_month_1(date)
  TO capstan_worker;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION month_open_1(date) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
-- `close_month_1`, which runs as the owner, asks it.
GRANT EXECUTE ON FUNCTION month_open_1(date) TO CURRENT_USER;
