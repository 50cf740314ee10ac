-- Tokens for services: signed texts that name a key instead of being one. Whoever brings one is held to the key as it is now.

-- What the key with exactly this id may do in exactly this workspace; nothing if it was revoked or has expired. Only for ids out
-- of a token whose signature is good. By the primary key of api_keys.
CREATE FUNCTION admit_key_by_id_1(p_workspace_id uuid, p_key_id uuid)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text, key_id uuid, name text,
               scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.schema_name, w.state, w.state_reason, k.key_id, k.name, k.scopes, k.expires_at,
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

-- Logging in through OpenID providers, for the access role.

-- Somebody is at a provider. Rows are of use for ten minutes and once: using one deletes it. What a browser keeps and what the
-- address holds is here as SHA-256 only; what goes to the provider (nonce, PKCE) is made of these two, so nothing here opens anything.
CREATE TABLE login_attempts (
  state_hash bytea PRIMARY KEY CONSTRAINT login_attempts_state_hash_length CHECK (length(state_hash) = 32),
  browser_hash bytea NOT NULL CONSTRAINT login_attempts_browser_hash_length CHECK (length(browser_hash) = 32),
  provider text NOT NULL CONSTRAINT login_attempts_provider_length CHECK (length(provider) BETWEEN 1 AND 40),
  -- Where the browser goes afterwards, on this host.
  next text NOT NULL CONSTRAINT login_attempts_next_form CHECK (length(next) <= 500 AND next LIKE '/%'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX login_attempts_by_end ON login_attempts (expires_at);

-- Who a user is at a provider. Its word for them (`sub`) never changes, their address may.
CREATE TABLE user_identities (
  issuer text NOT NULL CONSTRAINT user_identities_issuer_length CHECK (length(issuer) <= 500),
  subject text NOT NULL CONSTRAINT user_identities_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
  user_id uuid NOT NULL REFERENCES users,
  -- As the provider told it when the two were linked.
  email text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_identities_by_user ON user_identities (user_id);

GRANT SELECT, INSERT, DELETE ON login_attempts TO capstan_access;
GRANT SELECT, INSERT ON user_identities TO capstan_access;
