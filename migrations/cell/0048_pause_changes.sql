-- Workers read what is paused, and which workspaces are not active, only when that has changed: one archived workspace made
-- every one of them read all of it with every beat.

-- How often that has changed. One row; a change keeps it until it is committed, so who reads the number and then the rest
-- misses nothing of what the number counts.
CREATE TABLE pause_changes (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT pause_changes_one CHECK (one),
  no bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO pause_changes (no) VALUES (1);
GRANT SELECT, UPDATE ON pause_changes TO capstan_worker;

-- Counts a change, whoever makes it: also a process of the release before. People pause and resume; these tables are not hot.
-- Locks: the one row, after those of the pause or standing.
CREATE FUNCTION pauses_changed_1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  -- A resume of what nothing pauses changes nothing.
  IF EXISTS (SELECT FROM changed) THEN
    UPDATE pause_changes c SET no = c.no + 1 WHERE c.one;
  END IF;
  RETURN NULL;
END
$$;
DO $$
DECLARE
  v_table text;
  v_rows record;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['pauses', 'standings'] LOOP
    FOR v_rows IN SELECT * FROM (VALUES ('INSERT', 'NEW'), ('UPDATE', 'NEW'), ('DELETE', 'OLD')) AS v (event, side) LOOP
      EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I REFERENCING %s TABLE AS changed '
        'FOR EACH STATEMENT EXECUTE FUNCTION pauses_changed_1()',
        v_table || '_changed_' || lower(v_rows.event), v_rows.event, v_table, v_rows.side);
    END LOOP;
  END LOOP;
END
$$;

-- As agenda_1 (0043), which workers of the release before go on to call, but with the number of changes instead of whether
-- anything is paused. Into pause_changes_pkey.
CREATE FUNCTION agenda_2(
  OUT limits boolean, OUT lines boolean, OUT pauses_no bigint, OUT held boolean, OUT starts_ms bigint,
  OUT triggers_ms bigint, OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  limits := (SELECT true FROM limits l LIMIT 1) IS NOT NULL;
  lines := (SELECT true FROM gated g LIMIT 1) IS NOT NULL;
  pauses_no := (SELECT c.no FROM pause_changes c WHERE c.one);
  held := (SELECT true FROM held h LIMIT 1) IS NOT NULL;
  starts_ms := ceil(extract(epoch FROM (SELECT min(w.due_at) FROM pending_starts w) - v_now) * 1000);
  triggers_ms := ceil(extract(epoch FROM least(
    (SELECT min(s.next_at) FROM schedules s WHERE s.next_at IS NOT NULL),
    (SELECT min(t.due_at) FROM trigger_starts t WHERE t.status = 'due')) - v_now) * 1000);
  endpoints := (SELECT true FROM webhook_endpoints e WHERE e.status IN ('enabled', 'failing') LIMIT 1) IS NOT NULL;
  lanes := (SELECT true FROM webhook_lanes l WHERE l.failures = 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL
        OR (SELECT true FROM webhook_lanes l WHERE l.failures > 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL;
  events := (SELECT true FROM events v WHERE v.status = 'pending' AND v.due_at <= v_now LIMIT 1) IS NOT NULL;
  jobs := (SELECT true FROM bulk_jobs b WHERE b.status = 'running' LIMIT 1) IS NOT NULL;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION pauses_changed_1() OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION pauses_changed_1(), agenda_2() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agenda_2() TO capstan_worker;
