-- Who changed what through the API. Rows are added and read; the API's role can neither change nor remove one.

CREATE TABLE audit_log (
  workspace_id uuid NOT NULL,
  -- Made by the application; orders by time.
  audit_id uuid NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  by_kind text NOT NULL CONSTRAINT audit_log_by_kind_known CHECK (by_kind IN ('key', 'user')),
  by_id uuid NOT NULL,
  by_name text NOT NULL CONSTRAINT audit_log_by_name_length CHECK (length(by_name) <= 300),
  -- Method and route.
  action text NOT NULL CONSTRAINT audit_log_action_length CHECK (length(action) <= 200),
  -- The path with its ids.
  subject text NOT NULL CONSTRAINT audit_log_subject_length CHECK (length(subject) <= 1000),
  status int NOT NULL,
  address text,
  request_id text NOT NULL CONSTRAINT audit_log_request_id_length CHECK (length(request_id) <= 200),
  PRIMARY KEY (workspace_id, audit_id)
);

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_log_tenant ON audit_log TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
GRANT SELECT, INSERT ON audit_log TO capstan_api;
