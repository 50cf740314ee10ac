-- Changes that are made and whose answer is not known yet: written in the transaction of the change, then taken over to the audit log
-- with the status of the answer. If the process died in between, the next look at the log takes them over without one.

CREATE TABLE audit_begun (
  workspace_id uuid NOT NULL,
  -- As the audit log will have it.
  audit_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  by_kind text NOT NULL CONSTRAINT audit_begun_by_kind_known CHECK (by_kind IN ('key', 'user')),
  by_id uuid NOT NULL,
  by_name text NOT NULL CONSTRAINT audit_begun_by_name_length CHECK (length(by_name) <= 300),
  action text NOT NULL CONSTRAINT audit_begun_action_length CHECK (length(action) <= 200),
  subject text NOT NULL CONSTRAINT audit_begun_subject_length CHECK (length(subject) <= 1000),
  address text,
  request_id text NOT NULL CONSTRAINT audit_begun_request_id_length CHECK (length(request_id) <= 200),
  PRIMARY KEY (workspace_id, audit_id)
);

ALTER TABLE audit_begun ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_begun FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_begun_tenant ON audit_begun TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON audit_begun TO capstan_api;
