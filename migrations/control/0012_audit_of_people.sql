-- What is changed of people and keys is changed here, and the audit log is in the workspace's cell. No transaction touches both: the
-- record is made here with the change, and brought to the cell afterwards, once, under the id that it gets here.
CREATE TABLE audit_pending (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  audit_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  by_kind text NOT NULL CONSTRAINT audit_pending_by_kind_known CHECK (by_kind IN ('key', 'user')),
  by_id uuid NOT NULL,
  by_name text NOT NULL CONSTRAINT audit_pending_by_name_length CHECK (length(by_name) <= 300),
  action text NOT NULL CONSTRAINT audit_pending_action_length CHECK (length(action) <= 200),
  subject text NOT NULL CONSTRAINT audit_pending_subject_length CHECK (length(subject) <= 1000),
  status int NOT NULL,
  address text,
  request_id text NOT NULL CONSTRAINT audit_pending_request_id_length CHECK (length(request_id) <= 200),
  PRIMARY KEY (workspace_id, audit_id)
);

ALTER TABLE audit_pending ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_pending FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_pending_access ON audit_pending TO capstan_access
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY audit_pending_owner ON audit_pending TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON audit_pending TO capstan_access;
