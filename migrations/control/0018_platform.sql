-- The platform itself: which pages a workspace has, settings that hold for all workspaces, and who changed either.

SET LOCAL lock_timeout = '200ms';

-- The pages that administrators of the platform have assigned to a workspace, by their words in domain/src/access/pages.rs. A workspace
-- without a row has all there are. A page of a later release is assigned to those only whose row names it.
CREATE TABLE workspace_pages (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces,
  pages text[] NOT NULL CONSTRAINT workspace_pages_count CHECK (cardinality(pages) <= 100),
  set_by text NOT NULL CONSTRAINT workspace_pages_set_by_length CHECK (length(set_by) BETWEEN 1 AND 300),
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

ALTER TABLE workspace_pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_pages FORCE ROW LEVEL SECURITY;
-- The API's processes ask for one workspace at a time, and remember.
CREATE POLICY workspace_pages_api ON workspace_pages FOR SELECT TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY workspace_pages_access ON workspace_pages TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY workspace_pages_owner ON workspace_pages TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT (workspace_id, pages) ON workspace_pages TO capstan_api;
GRANT SELECT, INSERT, UPDATE (pages, set_by, set_at), DELETE ON workspace_pages TO capstan_access;

-- Settings of the platform that somebody has changed, by their names in domain/src/platform/settings.rs, which says what each may be.
-- One that is not here is as the environment of the processes says. A handful of rows, which every API process reads each few seconds.
CREATE TABLE system_settings (
  name text PRIMARY KEY CONSTRAINT system_settings_name_form CHECK (name ~ '^[a-z][a-z_]{0,49}$'),
  value jsonb NOT NULL CONSTRAINT system_settings_value_size CHECK (octet_length(value::text) <= 8192),
  changed_by text NOT NULL CONSTRAINT system_settings_changed_by_length CHECK (length(changed_by) BETWEEN 1 AND 300),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT (name, value) ON system_settings TO capstan_api;
GRANT SELECT, INSERT, UPDATE (value, changed_by, changed_at), DELETE ON system_settings TO capstan_access;

-- What administrators of the platform changed of it, with how it differs, for ever: rows are added and never changed.
CREATE TABLE platform_audit (
  audit_id uuid PRIMARY KEY,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  by_id uuid NOT NULL,
  by_name text NOT NULL CONSTRAINT platform_audit_by_name_length CHECK (length(by_name) BETWEEN 1 AND 300),
  action text NOT NULL CONSTRAINT platform_audit_action_length CHECK (length(action) <= 200),
  subject text NOT NULL CONSTRAINT platform_audit_subject_length CHECK (length(subject) <= 1000),
  address text,
  request_id text NOT NULL DEFAULT '' CONSTRAINT platform_audit_request_id_length CHECK (length(request_id) <= 200),
  -- `{path, before, after}` of each member that differs, as in the audit logs of workspaces.
  changes jsonb NOT NULL CONSTRAINT platform_audit_changes_size CHECK (octet_length(changes::text) <= 65536)
);
GRANT SELECT, INSERT ON platform_audit TO capstan_access;
