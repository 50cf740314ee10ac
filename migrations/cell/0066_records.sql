-- Records of types that workspaces define: states and the ways between them as data, records in these states, and what was
-- done to each. No row is shared by records: a type is written when it is defined, and read else. Who writes records holds a
-- lock of the workspace's types shared, who defines a type holds it alone (domain/src/records/types.rs), so a state
-- that holds records is never taken away.

-- A type without a row is one that is shipped, or none.
CREATE TABLE record_types (
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT record_types_name_form CHECK (name ~ '^[a-z][a-z0-9_]{0,39}$'),
  label text NOT NULL CONSTRAINT record_types_label_length CHECK (length(label) BETWEEN 1 AND 200),
  machine jsonb NOT NULL,
  revision int NOT NULL CONSTRAINT record_types_revision CHECK (revision > 0),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, name)
);

CREATE TABLE records (
  workspace_id uuid NOT NULL,
  -- Made by the application; orders by time.
  record_id uuid NOT NULL,
  type text NOT NULL CONSTRAINT records_type_length CHECK (octet_length(type) BETWEEN 1 AND 40),
  state text NOT NULL CONSTRAINT records_state_length CHECK (octet_length(state) BETWEEN 1 AND 40),
  data jsonb NOT NULL CONSTRAINT records_data_object CHECK (jsonb_typeof(data) = 'object'),
  -- Rises by one with each change.
  revision int NOT NULL DEFAULT 1 CONSTRAINT records_revision CHECK (revision > 0),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted_at timestamptz,
  PRIMARY KEY (workspace_id, record_id),
  CONSTRAINT records_deleted_empty CHECK (deleted_at IS NULL OR data = '{}')
);
CREATE INDEX records_alive ON records (workspace_id, record_id) WHERE deleted_at IS NULL;
CREATE INDEX records_by_type ON records (workspace_id, type, record_id) WHERE deleted_at IS NULL;
CREATE INDEX records_by_state ON records (workspace_id, type, state, record_id) WHERE deleted_at IS NULL;

-- What was done to a record, by whom and why. `once` makes what comes twice count once: the key of a step.
CREATE TABLE record_history (
  workspace_id uuid NOT NULL,
  record_id uuid NOT NULL,
  -- Made by the application; orders by time.
  entry_id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT record_history_kind CHECK (kind IN ('created', 'updated', 'transitioned', 'deleted')),
  from_state text,
  to_state text,
  -- What the way is called.
  transition text,
  reason text CONSTRAINT record_history_reason_length CHECK (length(reason) <= 2000),
  -- Names of what changed.
  fields text[] NOT NULL DEFAULT '{}',
  by_kind text NOT NULL CONSTRAINT record_history_by_kind CHECK (by_kind IN ('user', 'key', 'step', 'form', 'hook')),
  by_name text NOT NULL CONSTRAINT record_history_by_name_length CHECK (length(by_name) <= 300),
  execution_id uuid,
  once text CONSTRAINT record_history_once_length CHECK (octet_length(once) BETWEEN 1 AND 250),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, record_id, entry_id),
  CONSTRAINT record_history_states CHECK (CASE kind
    WHEN 'created' THEN from_state IS NULL AND to_state IS NOT NULL
    WHEN 'transitioned' THEN num_nonnulls(from_state, to_state) = 2 AND from_state <> to_state
    ELSE num_nonnulls(from_state, to_state) = 0 END)
);
CREATE UNIQUE INDEX record_history_once ON record_history (workspace_id, once) WHERE once IS NOT NULL;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['record_types', 'records', 'record_history'] LOOP
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

-- The API alone defines types, changes data and deletes; steps make records and move them. What was done is never changed.
GRANT SELECT, INSERT ON records, record_history TO capstan_api, capstan_worker;
GRANT UPDATE (state, revision, updated_at) ON records TO capstan_api, capstan_worker;
GRANT UPDATE (data, deleted_at) ON records TO capstan_api;
GRANT SELECT, INSERT, DELETE ON record_types TO capstan_api;
GRANT UPDATE (label, machine, revision, updated_at) ON record_types TO capstan_api;
GRANT SELECT ON record_types TO capstan_worker;
