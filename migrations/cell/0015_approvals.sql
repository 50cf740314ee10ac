-- Approvals: what executions ask people, and what these answered. The row is the one judge of what an approval came to:
-- an answer and the end of the time both take it from `open`, under its lock, so only one of them does.

CREATE TABLE approvals (
  workspace_id uuid NOT NULL,
  approval_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  node_id text NOT NULL,
  scope text NOT NULL DEFAULT '',
  title text NOT NULL,
  body text,
  fields jsonb NOT NULL,
  by_api_key boolean NOT NULL,
  by_link boolean NOT NULL,
  deadline_at timestamptz,
  status text NOT NULL DEFAULT 'open'
    CONSTRAINT approvals_status CHECK (status IN ('open', 'answered', 'expired', 'cancelled')),
  answer jsonb,
  answer_key text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  PRIMARY KEY (workspace_id, approval_id),
  CONSTRAINT approvals_step_key UNIQUE (workspace_id, execution_id, node_id, scope),
  CONSTRAINT approvals_closed CHECK ((status = 'open') = (closed_at IS NULL)),
  CONSTRAINT approvals_answered CHECK ((status = 'answered') = (answer IS NOT NULL))
);
CREATE INDEX approvals_open ON approvals (workspace_id, approval_id) WHERE status = 'open';

-- Keys that sign the links with which people answer; the highest number of a workspace signs, all of them verify.
CREATE TABLE link_keys (
  workspace_id uuid NOT NULL,
  key_no int NOT NULL,
  secret bytea NOT NULL CONSTRAINT link_keys_secret_length CHECK (length(secret) = 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, key_no)
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['approvals', 'link_keys'] LOOP
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

-- Workers ask and give up; who answers does so through the API.
GRANT SELECT, INSERT ON approvals TO capstan_worker;
GRANT UPDATE (status, closed_at) ON approvals TO capstan_worker;
GRANT SELECT ON approvals TO capstan_api;
GRANT UPDATE (status, closed_at, answer, answer_key) ON approvals TO capstan_api;
-- Workers make links, the API verifies them.
GRANT SELECT, INSERT ON link_keys TO capstan_worker;
GRANT SELECT ON link_keys TO capstan_api;
