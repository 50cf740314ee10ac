-- Triggers that wait for events, secrets that calls of hooks are verified with, and listening for a call without a start.

-- One row for each `trigger.event` of the current version of a workflow, kept in step in the transaction that publishes.
-- Without a key events of any key count. Events that were received before `since_at` do not.
CREATE TABLE event_triggers (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  version_id uuid NOT NULL,
  type text NOT NULL,
  key text,
  condition text,
  start_within_ms bigint NOT NULL CONSTRAINT event_triggers_start_within CHECK (start_within_ms > 0),
  since_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id, node_id)
);
CREATE INDEX event_triggers_type ON event_triggers (workspace_id, type);

-- What the senders of hooks sign with, sealed. Several of one name are good at the same time while a secret is changed.
CREATE TABLE hook_secrets (
  workspace_id uuid NOT NULL,
  hook_secret_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT hook_secrets_name_length CHECK (octet_length(name) BETWEEN 1 AND 100),
  sealed bytea NOT NULL,
  key_id text NOT NULL,
  until_at timestamptz,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, hook_secret_id)
);
CREATE INDEX hook_secrets_name ON hook_secrets (workspace_id, name);

-- Somebody waits in the editor for the first call at an address of its own. `config` is that of the node as it was drawn;
-- the sample is what an execution would have been given.
CREATE TABLE hook_listens (
  workspace_id uuid NOT NULL,
  listen_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  config jsonb NOT NULL,
  until_at timestamptz NOT NULL,
  captured_at timestamptz,
  sample jsonb,
  PRIMARY KEY (workspace_id, listen_id),
  CONSTRAINT hook_listens_captured CHECK ((captured_at IS NULL) = (sample IS NULL))
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['event_triggers', 'hook_secrets', 'hook_listens'] LOOP
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
END
$$;

-- The API publishes, keeps secrets and listens; workers match events, and seal secrets anew when keys change.
GRANT SELECT, INSERT, UPDATE, DELETE ON event_triggers, hook_listens TO capstan_api;
GRANT SELECT, INSERT, DELETE ON hook_secrets TO capstan_api;
GRANT UPDATE (until_at) ON hook_secrets TO capstan_api;
GRANT SELECT ON event_triggers TO capstan_worker;
GRANT SELECT, UPDATE (sealed, key_id) ON hook_secrets TO capstan_worker;
