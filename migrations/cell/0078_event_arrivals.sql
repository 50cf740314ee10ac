-- Many events that come in with one statement have one row that says that they are to be looked at; those that somebody waits for
-- get turns of their own (0058) when that is done. Of a burst most are waited for by nobody: a turn of each, made and taken away,
-- cost more than the event.

SET LOCAL lock_timeout = '200ms';

-- Events of a workspace that one transaction stored, by its number, which each of them has too (events_xid).
CREATE TABLE event_arrivals (
  workspace_id uuid NOT NULL,
  xid xid8 NOT NULL,
  events int NOT NULL CONSTRAINT event_arrivals_events CHECK (events > 0),
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, xid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX event_arrivals_due ON event_arrivals (due_at);
ALTER TABLE event_arrivals ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_arrivals FORCE ROW LEVEL SECURITY;
CREATE POLICY event_arrivals_tenant ON event_arrivals TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY event_arrivals_worker ON event_arrivals TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON event_arrivals TO capstan_api;
GRANT SELECT, INSERT, DELETE ON event_arrivals TO capstan_worker;

-- As before (0058) for a few. A second statement of the same transaction finds its row there, which is about its events too.
CREATE OR REPLACE FUNCTION events_came_1() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF (SELECT count(*) FROM came c) < 10 THEN
    INSERT INTO event_turns (workspace_id, event_id, type, key, reached, again, due_at)
    SELECT c.workspace_id, c.event_id, c.type, c.key, c.reached, c.again, c.due_at FROM came c
    ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO event_arrivals (workspace_id, xid, events)
    SELECT c.workspace_id, c.xid, count(*) FROM came c GROUP BY c.workspace_id, c.xid
    ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;

-- As before (0062), with events that came together among the events. One step more, into event_arrivals_due.
CREATE OR REPLACE FUNCTION agenda_3(
  OUT limits boolean, OUT lines boolean, OUT pauses_no bigint, OUT held boolean, OUT starts_ms bigint,
  OUT triggers_ms bigint, OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  SELECT a.limits, a.lines, a.pauses_no, a.held, a.starts_ms, a.triggers_ms, a.endpoints, a.lanes, a.events, a.jobs
    INTO limits, lines, pauses_no, held, starts_ms, triggers_ms, endpoints, lanes, events, jobs
    FROM agenda_2() a;
  events := events OR (SELECT true FROM event_arrivals v WHERE v.due_at <= v_now LIMIT 1) IS NOT NULL;
  jobs := (SELECT true FROM person_jobs p WHERE p.ended_at IS NULL AND p.turn_at <= v_now LIMIT 1)
    IS NOT NULL OR jobs;
END
$$;
