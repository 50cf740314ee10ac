-- Who exists and where their rows live. No tenant's business data is kept here.

CREATE TABLE cells (
  cell_id uuid PRIMARY KEY,
  schema_name text NOT NULL CONSTRAINT cells_schema_name_key UNIQUE
    CONSTRAINT cells_schema_name_form CHECK (schema_name ~ '^[a-z][a-z0-9_]{0,40}$'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE workspaces (
  workspace_id uuid PRIMARY KEY,
  slug text NOT NULL CONSTRAINT workspaces_slug_key UNIQUE
    CONSTRAINT workspaces_slug_form CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{1,61})[a-z0-9]$'),
  name text NOT NULL CONSTRAINT workspaces_name_length CHECK (length(name) BETWEEN 2 AND 100),
  cell_id uuid NOT NULL REFERENCES cells,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The secret itself is shown once, when it is made; only its SHA-256 is kept.
CREATE TABLE api_keys (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  key_id uuid NOT NULL,
  key_hash bytea NOT NULL CONSTRAINT api_keys_key_hash_key UNIQUE
    CONSTRAINT api_keys_key_hash_length CHECK (length(key_hash) = 32),
  prefix text NOT NULL,
  name text NOT NULL CONSTRAINT api_keys_name_length CHECK (length(name) BETWEEN 1 AND 100),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  revoked_at timestamptz,
  PRIMARY KEY (workspace_id, key_id)
);

ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY workspaces_tenant ON workspaces FOR SELECT TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY api_keys_tenant ON api_keys FOR SELECT TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY workspaces_resolver ON workspaces FOR SELECT TO capstan_resolver USING (true);
CREATE POLICY api_keys_resolver ON api_keys FOR SELECT TO capstan_resolver USING (true);
-- Whoever migrates also makes workspaces and keys, from the command line.
CREATE POLICY workspaces_owner ON workspaces TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY api_keys_owner ON api_keys TO CURRENT_USER USING (true) WITH CHECK (true);

-- The one way across workspaces: an exact key hash, or an exact slug, names one workspace or none.
-- Exactly one argument is given; the other is null.
CREATE FUNCTION resolve_workspace_1(p_key_hash bytea, p_slug text)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name
    FROM workspaces w
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE (p_slug IS NULL AND w.workspace_id = (
            SELECT k.workspace_id FROM api_keys k WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL))
      OR (p_key_hash IS NULL AND w.slug = p_slug)
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO capstan_api, capstan_resolver', v_schema);
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION resolve_workspace_1(bytea, text) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION resolve_workspace_1(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION resolve_workspace_1(bytea, text) TO capstan_api;
GRANT SELECT ON cells, workspaces, api_keys TO capstan_resolver;
GRANT SELECT ON workspaces TO capstan_api;
GRANT SELECT (workspace_id, key_id, prefix, name, created_at, revoked_at) ON api_keys TO capstan_api;
