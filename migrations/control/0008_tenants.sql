-- The life of a workspace as a tenant: draft, provisioning, active, suspended, archived; who moved it and why. And platform
-- administrators, who belong to no workspace.

-- `state_revision` rises with each move; `synced_revision` is the one that the cell knows. `state_tried_at`: when it was last
-- tried in vain to tell the cell, so that others come first.
ALTER TABLE workspaces
  ADD COLUMN state text NOT NULL DEFAULT 'active' CONSTRAINT workspaces_state_known
    CHECK (state IN ('draft', 'provisioning', 'active', 'suspended', 'archived')),
  ADD COLUMN state_reason text CONSTRAINT workspaces_state_reason_length CHECK (length(state_reason) <= 500),
  ADD COLUMN state_changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN state_revision bigint NOT NULL DEFAULT 0,
  ADD COLUMN synced_revision bigint NOT NULL DEFAULT 0,
  ADD COLUMN state_tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN placement text NOT NULL DEFAULT 'pooled' CONSTRAINT workspaces_placement_known
    CHECK (placement IN ('pooled', 'dedicated'));
CREATE INDEX workspaces_unsynced ON workspaces (state_tried_at) WHERE synced_revision < state_revision;

-- Which moves there are. domain/src/access/lifecycle.rs has the same list, and checks; the key below refuses all others.
CREATE TABLE tenant_moves (
  from_state text NOT NULL,
  to_state text NOT NULL,
  PRIMARY KEY (from_state, to_state)
);
INSERT INTO tenant_moves (from_state, to_state) VALUES
  ('draft', 'provisioning'), ('provisioning', 'active'), ('active', 'suspended'), ('suspended', 'active'),
  ('active', 'archived'), ('suspended', 'archived');

-- Every move, for ever. `changed_by` is a user; absent for the command line.
CREATE TABLE tenant_transitions (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  revision bigint NOT NULL CONSTRAINT tenant_transitions_revision CHECK (revision > 0),
  from_state text NOT NULL,
  to_state text NOT NULL,
  reason text CONSTRAINT tenant_transitions_reason_length CHECK (length(reason) BETWEEN 1 AND 500),
  changed_by uuid,
  changed_by_name text NOT NULL CONSTRAINT tenant_transitions_name_length CHECK (length(changed_by_name) BETWEEN 1 AND 300),
  address text,
  request_id text NOT NULL DEFAULT '' CONSTRAINT tenant_transitions_request_id_length CHECK (length(request_id) <= 200),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, revision),
  CONSTRAINT tenant_transitions_known FOREIGN KEY (from_state, to_state) REFERENCES tenant_moves
);

-- Roles of the platform itself, outside of all workspaces. Only the owner of the schema gives them: the API cannot.
CREATE TABLE user_roles (
  user_id uuid NOT NULL REFERENCES users,
  role text NOT NULL CONSTRAINT user_roles_role_known CHECK (role IN ('super_admin')),
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, role)
);

-- A session is of the platform, or of the workspaces of its user; never of both.
ALTER TABLE user_sessions ADD COLUMN level text NOT NULL DEFAULT 'workspace'
  CONSTRAINT user_sessions_level_known CHECK (level IN ('workspace', 'platform'));

ALTER TABLE tenant_transitions ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_transitions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_transitions_access ON tenant_transitions TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY tenant_transitions_owner ON tenant_transitions TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY workspace_plans_access ON workspace_plans FOR SELECT TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
GRANT SELECT ON tenant_moves, user_roles, workspace_plans, plans TO capstan_access;
GRANT SELECT, INSERT ON tenant_transitions TO capstan_access;
GRANT UPDATE (state, state_reason, state_changed_at, state_revision, synced_revision, state_tried_at) ON workspaces
  TO capstan_access;

-- As admit_key_1, with the state of the workspace: whether it is open costs no statement of its own.
CREATE FUNCTION admit_key_2(p_key_hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text, key_id uuid, name text,
               scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name, w.state, w.state_reason, k.key_id, k.name, k.scopes, k.expires_at,
         coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    FROM api_keys k
    JOIN workspaces w ON w.workspace_id = k.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$;

-- As resolve_workspace_1, with the state of the workspace.
CREATE FUNCTION resolve_workspace_2(p_key_hash bytea, p_slug text)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name, w.state, w.state_reason
    FROM workspaces w
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE (p_slug IS NULL AND w.workspace_id = (
            SELECT k.workspace_id FROM api_keys k
             WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND k.scopes IS NULL
               AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())))
      OR (p_key_hash IS NULL AND w.slug = p_slug)
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION admit_key_2(bytea) OWNER TO capstan_resolver;
  ALTER FUNCTION resolve_workspace_2(bytea, text) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION admit_key_2(bytea), resolve_workspace_2(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admit_key_2(bytea), resolve_workspace_2(bytea, text) TO capstan_api;

-- Processes of the release before let nobody into a workspace that is not open. An archived one can only be read by those
-- of this release.
CREATE OR REPLACE FUNCTION admit_key_1(p_key_hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, key_id uuid, name text, scopes text[],
               expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT a.workspace_id, a.slug, a.schema_name, a.key_id, a.name, a.scopes, a.expires_at, a.is_stale
    FROM admit_key_2(p_key_hash) AS a WHERE a.state = 'active'
$$;
