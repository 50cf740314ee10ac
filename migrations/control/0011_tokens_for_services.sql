-- Tokens for services: signed texts that name a key instead of being one. Whoever brings one is held to the key as it is now.

-- What the key with exactly this id may do in exactly this workspace; nothing if it was revoked or has expired. Only for ids out
-- of a token whose signature is good. By the primary key of api_keys.
CREATE FUNCTION admit_key_by_id_1(p_workspace_id uuid, p_key_id uuid)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, key_id uuid, name text, scopes text[],
               expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name, k.key_id, k.name, k.scopes, k.expires_at,
         coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    FROM api_keys k
    JOIN workspaces w ON w.workspace_id = k.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE k.workspace_id = p_workspace_id
     AND k.key_id = p_key_id
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$;

-- Notes that a key was of use, unless that was noted within the last minute. Locks that key's row.
CREATE FUNCTION touch_key_by_id_1(p_workspace_id uuid, p_key_id uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE api_keys SET last_used_at = clock_timestamp()
   WHERE workspace_id = p_workspace_id
     AND key_id = p_key_id
     AND (last_used_at IS NULL OR last_used_at < clock_timestamp() - interval '1 minute')
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION admit_key_by_id_1(uuid, uuid) OWNER TO capstan_resolver;
  ALTER FUNCTION touch_key_by_id_1(uuid, uuid) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION admit_key_by_id_1(uuid, uuid), touch_key_by_id_1(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION admit_key_by_id_1(uuid, uuid), touch_key_by_id_1(uuid, uuid) TO capstan_api;
