-- Credentials: what steps prove themselves with to other systems. `sealed` holds fields and hosts under a key that the database
-- does not have; `allowed_hosts` and `fields_set` beside it are for people. No grant lets anyone read a secret here.

CREATE TABLE credentials (
  workspace_id uuid NOT NULL,
  credential_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT credentials_name CHECK (name ~ '^[A-Za-z0-9_.-]{1,100}$'),
  type text NOT NULL,
  allowed_hosts text[] NOT NULL CONSTRAINT credentials_hosts CHECK (cardinality(allowed_hosts) BETWEEN 1 AND 20),
  fields_set text[] NOT NULL,
  sealed bytea NOT NULL CONSTRAINT credentials_sealed_length CHECK (length(sealed) <= 300000),
  key_id text NOT NULL,
  revision int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_by text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_by text NOT NULL,
  PRIMARY KEY (workspace_id, credential_id),
  CONSTRAINT credentials_name_key UNIQUE (workspace_id, name)
);
-- For the duty that brings rows under the newest key.
CREATE INDEX credentials_sealed_under ON credentials (key_id);

-- Access tokens that were fetched with a credential of that revision. Whoever fetches holds the row until `refresh_until`, under
-- the number `refresh_no`, without a transaction.
CREATE TABLE credential_tokens (
  workspace_id uuid NOT NULL,
  credential_id uuid NOT NULL,
  revision int NOT NULL,
  sealed bytea CONSTRAINT credential_tokens_sealed_length CHECK (length(sealed) <= 300000),
  key_id text,
  expires_at timestamptz,
  fresh_until timestamptz,
  refreshed_at timestamptz,
  refresh_no bigint NOT NULL DEFAULT 1,
  refresh_until timestamptz,
  PRIMARY KEY (workspace_id, credential_id),
  FOREIGN KEY (workspace_id, credential_id) REFERENCES credentials ON DELETE CASCADE,
  CONSTRAINT credential_tokens_whole CHECK ((sealed IS NULL) = (key_id IS NULL) AND (sealed IS NULL) = (expires_at IS NULL))
);
CREATE INDEX credential_tokens_sealed_under ON credential_tokens (key_id);

-- Which newest versions name a credential is asked before one is renamed or deleted.
CREATE INDEX workflow_nodes_credential ON workflow_nodes (workspace_id, (config ->> 'credential'))
  WHERE config ? 'credential';

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['credentials', 'credential_tokens'] LOOP
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

-- People make and replace credentials through the API, which cannot read what is sealed; workers read that, and bring it under
-- the newest key.
GRANT INSERT, DELETE ON credentials TO capstan_api;
GRANT SELECT (workspace_id, credential_id, name, type, allowed_hosts, fields_set, key_id, revision, created_at, created_by,
  updated_at, updated_by) ON credentials TO capstan_api;
GRANT UPDATE (name, allowed_hosts, fields_set, sealed, key_id, revision, updated_at, updated_by) ON credentials TO capstan_api;
GRANT SELECT ON credentials TO capstan_worker;
GRANT UPDATE (sealed, key_id) ON credentials TO capstan_worker;
-- Workers fetch tokens; the API tells until when they hold.
GRANT SELECT (workspace_id, credential_id, revision, expires_at, refreshed_at) ON credential_tokens TO capstan_api;
GRANT SELECT, INSERT ON credential_tokens TO capstan_worker;
GRANT UPDATE (revision, sealed, key_id, expires_at, fresh_until, refreshed_at, refresh_no, refresh_until)
  ON credential_tokens TO capstan_worker;
