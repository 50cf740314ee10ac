-- Who acts: id and name of the key with exactly this hash, unless it was revoked. Tells nothing about any other key.
CREATE FUNCTION name_key_1(p_key_hash bytea) RETURNS TABLE (key_id uuid, name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT k.key_id, k.name FROM api_keys k WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION name_key_1(bytea) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION name_key_1(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION name_key_1(bytea) TO capstan_api;
