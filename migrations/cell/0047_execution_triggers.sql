-- Triggers that start an execution when one of another workflow has ended.

-- One row for each `trigger.execution` of the current version of a workflow, kept in step in the transaction that publishes.
-- Without `of_workflow_id` the executions of all other workflows count, without `status` all ends. What had ended before
-- `since_at` does not count; nothing that was committed before the transaction `since` needs to be read.
CREATE TABLE execution_triggers (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  version_id uuid NOT NULL,
  of_workflow_id uuid,
  status text CONSTRAINT execution_triggers_status CHECK (status IN ('completed', 'failed', 'cancelled')),
  condition text,
  start_within_ms bigint NOT NULL CONSTRAINT execution_triggers_start_within CHECK (start_within_ms > 0),
  since xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
  since_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id, node_id),
  CONSTRAINT execution_triggers_other CHECK (of_workflow_id <> workflow_id)
);
CREATE INDEX execution_triggers_since ON execution_triggers (since);

ALTER TABLE execution_triggers ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_triggers FORCE ROW LEVEL SECURITY;
CREATE POLICY execution_triggers_tenant ON execution_triggers TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY execution_triggers_worker ON execution_triggers TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_triggers TO capstan_api;
GRANT SELECT ON execution_triggers TO capstan_worker;

-- How far the outbox has been read for them: one row. Who reads on locks it, and moves it with what is to be started.
CREATE TABLE execution_trigger_cursor (
  singleton boolean PRIMARY KEY DEFAULT true CONSTRAINT execution_trigger_cursor_one CHECK (singleton),
  xid xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
  event_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO execution_trigger_cursor DEFAULT VALUES;
GRANT SELECT, UPDATE (xid, event_id) ON execution_trigger_cursor TO capstan_worker;

-- As agenda_1 (0043), and whether there are such triggers. One step more, into execution_triggers_since.
CREATE FUNCTION agenda_2(
  OUT limits boolean, OUT lines boolean, OUT pauses boolean, OUT held boolean, OUT starts_ms bigint, OUT triggers_ms bigint,
  OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean, OUT ends boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  limits := (SELECT true FROM limits l LIMIT 1) IS NOT NULL;
  lines := (SELECT true FROM gated g LIMIT 1) IS NOT NULL;
  pauses := (SELECT true FROM pauses p LIMIT 1) IS NOT NULL
        OR (SELECT true FROM standings s WHERE s.state <> 'active' LIMIT 1) IS NOT NULL;
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
  ends := (SELECT true FROM execution_triggers x ORDER BY x.since LIMIT 1) IS NOT NULL;
END
$$;

REVOKE ALL ON FUNCTION agenda_2() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agenda_2() TO capstan_worker;
