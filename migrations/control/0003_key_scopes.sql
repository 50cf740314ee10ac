-- Keys may be for some things only, end by themselves, and tell when they were last of use.

-- Absent: everything that a key can do, as all keys could before.
ALTER TABLE api_keys ADD COLUMN scopes text[];
ALTER TABLE api_keys ADD COLUMN expires_at timestamptz;
-- Written at most once a minute for each key.
ALTER TABLE api_keys ADD COLUMN last_used_at timestamptz;
-- The user who made it; absent for keys of the command line.
ALTER TABLE api_keys ADD COLUMN created_by uuid;

-- Who comes with exactly this hash, and what it may do; nothing if the key was revoked or has expired. Tells nothing about
-- any other key. By the unique index on key_hash.
CREATE FUNCTION admit_key_1(p_key_hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, key_id uuid, name text, scopes text[],
               expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name, k.key_id, k.name, k.scopes, k.expires_at,
         coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    FROM api_keys k
    JOIN workspaces w ON w.workspace_id = k.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$;

-- Notes that a key was of use, unless that was noted within the last minute. Locks that key's row.
CREATE FUNCTION touch_key_1(p_key_hash bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE api_keys SET last_used_at = clock_timestamp()
   WHERE key_hash = p_key_hash
     AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION admit_key_1(bytea) OWNER TO capstan_resolver;
  ALTER FUNCTION touch_key_1(bytea) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION admit_key_1(bytea), touch_key_1(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admit_key_1(bytea), touch_key_1(bytea) TO capstan_api;
CREATE POLICY api_keys_touch ON api_keys FOR UPDATE TO capstan_resolver USING (true) WITH CHECK (true);
GRANT UPDATE (last_used_at) ON api_keys TO capstan_resolver;
GRANT SELECT (scopes, expires_at, last_used_at, created_by) ON api_keys TO capstan_api;

-- A key that has expired opens nothing for processes of the release before, too.
CREATE OR REPLACE FUNCTION resolve_workspace_1(p_key_hash bytea, p_slug text)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name
    FROM workspaces w
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE (p_slug IS NULL AND w.workspace_id = (
            SELECT k.workspace_id FROM api_keys k
             WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND k.scopes IS NULL
               AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())))
      OR (p_key_hash IS NULL AND w.slug = p_slug)
$$;
