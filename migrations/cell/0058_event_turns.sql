-- What is left to do for an event stands in a row of its own, which goes once it is done. Before, the event's own row was
-- changed for that, with a new entry in each of its indexes: as dear as the event itself.

SET LOCAL lock_timeout = '200ms';
-- At once: whoever has read it and is about to write would be in the way of a stronger lock later, and this in theirs.
LOCK TABLE events IN ACCESS EXCLUSIVE MODE;

-- Events that are to be looked at, from `due_at` on. `reached` is the last wait that was looked at; `again`: it is looked at
-- from the first wait once more, as an execution had no room for its signal.
CREATE TABLE event_turns (
  workspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL CONSTRAINT event_turns_type_length CHECK (octet_length(type) BETWEEN 1 AND 100),
  key text NOT NULL CONSTRAINT event_turns_key_length CHECK (octet_length(key) <= 200),
  reached uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  again boolean NOT NULL DEFAULT false,
  due_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, event_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX event_turns_due ON event_turns (due_at);
ALTER TABLE event_turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_turns FORCE ROW LEVEL SECURITY;
CREATE POLICY event_turns_tenant ON event_turns TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY event_turns_worker ON event_turns TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON event_turns TO capstan_api;
GRANT SELECT, INSERT, DELETE ON event_turns TO capstan_worker;
GRANT UPDATE (reached, again, due_at) ON event_turns TO capstan_worker;

-- Each event that comes in gets its turn, whoever stores it. Workers of the release before look at what is `pending` still,
-- and find nothing more there.
CREATE FUNCTION events_came_1() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO event_turns (workspace_id, event_id, type, key, reached, again, due_at)
  SELECT c.workspace_id, c.event_id, c.type, c.key, c.reached, c.again, c.due_at FROM came c
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION events_came_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_came_1() TO capstan_api, capstan_worker;
CREATE TRIGGER events_came AFTER INSERT ON events REFERENCING NEW TABLE AS came
  FOR EACH STATEMENT EXECUTE FUNCTION events_came_1();
ALTER TABLE events ALTER COLUMN status SET DEFAULT 'done';
INSERT INTO event_turns (workspace_id, event_id, type, key, reached, again, due_at)
SELECT e.workspace_id, e.event_id, e.type, e.key, e.reached, e.again, e.due_at FROM events e WHERE e.status = 'pending';

-- As before (0048), but that events are due by their turns.
CREATE OR REPLACE FUNCTION agenda_2(
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
  events := (SELECT true FROM event_turns v WHERE v.due_at <= v_now LIMIT 1) IS NOT NULL;
  jobs := (SELECT true FROM bulk_jobs b WHERE b.status = 'running' LIMIT 1) IS NOT NULL;
END
$$;
