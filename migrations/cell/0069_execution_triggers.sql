-- Triggers that wait for the ends of other workflows' executions, and what starts made of mails need.

SET LOCAL lock_timeout = '200ms';

-- One row for each `trigger.execution` of the current version of a workflow, kept in step in the transaction that publishes.
-- `sources` are the workflows whose ends count; without them those of all others do. Ends from before `since_at` do not.
CREATE TABLE execution_triggers (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  version_id uuid NOT NULL,
  sources uuid[] CONSTRAINT execution_triggers_sources CHECK (cardinality(sources) BETWEEN 1 AND 50),
  outcomes text[] NOT NULL
    CONSTRAINT execution_triggers_outcomes CHECK (
      cardinality(outcomes) > 0 AND outcomes <@ ARRAY['completed', 'failed', 'timed_out', 'cancelled']),
  called boolean NOT NULL,
  condition text,
  start_within_ms bigint NOT NULL CONSTRAINT execution_triggers_start_within CHECK (start_within_ms > 0),
  since_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id, node_id)
);
ALTER TABLE execution_triggers ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_triggers FORCE ROW LEVEL SECURITY;
CREATE POLICY execution_triggers_tenant ON execution_triggers TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY execution_triggers_worker ON execution_triggers TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_triggers TO capstan_api;
GRANT SELECT ON execution_triggers TO capstan_worker;

-- How far the ends in the outbox have been looked at for these triggers, by the transactions that they came with. It moves in
-- the transaction that writes what is to be started, under an advisory lock, so one process at a time does it.
CREATE TABLE end_cursor (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT end_cursor_one CHECK (one),
  xid xid8 NOT NULL,
  event_id uuid NOT NULL,
  moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO end_cursor (xid, event_id)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000');
GRANT SELECT, UPDATE (xid, event_id, moved_at) ON end_cursor TO capstan_worker;

-- Mails start executions as well, at addresses of their own. What is there was held to narrower rules: nothing is looked
-- through under the lock.
ALTER TABLE trigger_starts DROP CONSTRAINT trigger_starts_cause;
ALTER TABLE trigger_starts ADD CONSTRAINT trigger_starts_cause CHECK (cause IN (
  'schedule', 'catch_up', 'backfill', 'now', 'event', 'execution', 'form', 'booking', 'email')) NOT VALID;
ALTER TABLE trigger_paths DROP CONSTRAINT trigger_paths_kind;
ALTER TABLE trigger_paths ADD CONSTRAINT trigger_paths_kind CHECK (kind IN (
  'form', 'webhook', 'booking', 'email')) NOT VALID;
