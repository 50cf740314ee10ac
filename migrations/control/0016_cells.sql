-- Dedicated cells: a cell of one workspace, in a database of its own. Servers that such databases may be on, which cells have
-- something to do and when, and which worker processes serve them.

SET LOCAL lock_timeout = '200ms';

-- Servers beside the home server, which has no row. `login` is a member of capstan_api, capstan_starter and capstan_worker there
-- and owns nothing; `creator_login` may create databases, and only provisioners open its password. Both passwords are sealed for
-- this row. `status` and `diagnosis` are what the last check found; a change of the address or of a login makes them unknown.
CREATE TABLE database_servers (
  server_id uuid PRIMARY KEY,
  name text NOT NULL CONSTRAINT database_servers_name_key UNIQUE
    CONSTRAINT database_servers_name_form CHECK (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  host text NOT NULL CONSTRAINT database_servers_host_length CHECK (length(host) BETWEEN 1 AND 253),
  port int NOT NULL CONSTRAINT database_servers_port CHECK (port BETWEEN 1 AND 65535),
  tls text NOT NULL CONSTRAINT database_servers_tls_known
    CHECK (tls IN ('disable', 'prefer', 'require', 'verify-ca', 'verify-full')),
  login text NOT NULL CONSTRAINT database_servers_login_length CHECK (octet_length(login) BETWEEN 1 AND 63),
  password_sealed bytea NOT NULL,
  password_key_id text NOT NULL,
  creator_login text NOT NULL CONSTRAINT database_servers_creator_length CHECK (octet_length(creator_login) BETWEEN 1 AND 63),
  creator_password_sealed bytea NOT NULL,
  creator_key_id text NOT NULL,
  revision bigint NOT NULL DEFAULT 1,
  created_by text NOT NULL CONSTRAINT database_servers_created_by_length CHECK (length(created_by) BETWEEN 1 AND 300),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  status text NOT NULL DEFAULT 'unchecked' CONSTRAINT database_servers_status_known
    CHECK (status IN ('unchecked', 'valid', 'invalid')),
  checked_at timestamptz,
  diagnosis jsonb CONSTRAINT database_servers_diagnosis_size CHECK (octet_length(diagnosis::text) <= 16384),
  CONSTRAINT database_servers_checked CHECK ((status = 'unchecked') = (checked_at IS NULL))
);

-- Who changed or checked one, for ever. No secret is in it.
CREATE TABLE database_server_changes (
  change_id uuid PRIMARY KEY,
  server_id uuid NOT NULL,
  name text NOT NULL,
  action text NOT NULL CONSTRAINT database_server_changes_action_known CHECK (action IN ('created', 'changed', 'deleted', 'checked')),
  changed_by uuid,
  changed_by_name text NOT NULL
    CONSTRAINT database_server_changes_name_length CHECK (length(changed_by_name) BETWEEN 1 AND 300),
  address text,
  request_id text NOT NULL DEFAULT ''
    CONSTRAINT database_server_changes_request_id_length CHECK (length(request_id) <= 200),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A cell without `server_id` is on the home server, one without `database_name` in the fleet's own database. A dedicated cell has
-- the id of its workspace.
ALTER TABLE cells
  ADD COLUMN placement text NOT NULL DEFAULT 'pooled' CONSTRAINT cells_placement_known CHECK (placement IN ('pooled', 'dedicated')),
  ADD COLUMN server_id uuid CONSTRAINT cells_server REFERENCES database_servers,
  ADD COLUMN database_name text CONSTRAINT cells_database_form CHECK (database_name ~ '^[a-z][a-z0-9_]{0,62}$'),
  ADD CONSTRAINT cells_dedicated CHECK ((placement = 'dedicated') = (database_name IS NOT NULL)
    AND (server_id IS NULL OR placement = 'dedicated')),
  DROP CONSTRAINT cells_schema_name_key,
  ADD CONSTRAINT cells_place_key UNIQUE NULLS NOT DISTINCT (server_id, database_name, schema_name);
CREATE INDEX cells_by_server ON cells (server_id) WHERE server_id IS NOT NULL;

-- One row for each dedicated cell that is ready. `generation` rises whenever somebody is about to write there; `due_at` is when a
-- worker has to come: infinity if nothing is planned. `rest_at` is the earliest that workers which have left meanwhile have seen.
CREATE TABLE cell_dues (
  cell_id uuid PRIMARY KEY REFERENCES cells,
  generation bigint NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rest_at timestamptz NOT NULL DEFAULT 'infinity',
  announced_at timestamptz
);
CREATE INDEX cell_dues_by_due ON cell_dues (due_at);

-- Which worker processes serve a cell, and until when that holds without being renewed.
CREATE TABLE cell_hands (
  cell_id uuid NOT NULL REFERENCES cell_dues,
  worker text NOT NULL CONSTRAINT cell_hands_worker_length CHECK (length(worker) BETWEEN 1 AND 100),
  held_until timestamptz NOT NULL,
  PRIMARY KEY (cell_id, worker)
);

-- Making a dedicated workspace has a step more: its database. The two that create things on a server are done by provisioners.
ALTER TABLE operations
  ADD COLUMN placement text NOT NULL DEFAULT 'pooled'
    CONSTRAINT operations_placement_known CHECK (placement IN ('pooled', 'dedicated')),
  DROP CONSTRAINT operations_step,
  DROP CONSTRAINT operations_completed,
  ADD CONSTRAINT operations_step CHECK (step BETWEEN 0 AND CASE placement WHEN 'dedicated' THEN 7 ELSE 6 END),
  ADD CONSTRAINT operations_completed CHECK
    ((status = 'completed') <= (step = CASE placement WHEN 'dedicated' THEN 7 ELSE 6 END)),
  -- A process of the release before does not know of databases: it gets no further than this.
  ADD CONSTRAINT operations_database_first CHECK (placement = 'pooled' OR steps ? 'database' OR NOT steps ? 'schema');

GRANT SELECT, INSERT, UPDATE (name, host, port, tls, login, password_sealed, password_key_id, creator_login,
  creator_password_sealed, creator_key_id, revision, updated_at, status, checked_at, diagnosis), DELETE
  ON database_servers TO capstan_access;
GRANT SELECT, INSERT ON database_server_changes TO capstan_access;
GRANT INSERT (cell_id, schema_name, placement, server_id, database_name) ON cells TO capstan_access;
GRANT SELECT, INSERT (cell_id) ON cell_dues TO capstan_access;
GRANT SELECT ON cell_hands TO capstan_access;
GRANT SELECT (server_id, host, port, tls, login, password_sealed, password_key_id) ON database_servers TO capstan_resolver;
GRANT SELECT, UPDATE (generation, due_at, rest_at, announced_at) ON cell_dues TO capstan_resolver;
GRANT SELECT, INSERT, UPDATE (held_until), DELETE ON cell_hands TO capstan_resolver;

-- Cells that have something to do and fewer than `p_hands_max` workers, `p_worker` not among them; those with the fewest first,
-- among them those that have waited longest. At most `p_limit`. By cell_dues_by_due.
CREATE FUNCTION cells_due_1(p_worker text, p_hands_max int, p_limit int)
RETURNS TABLE (cell_id uuid, schema_name text, database_name text, server_id uuid, generation bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT d.cell_id, c.schema_name, c.database_name, c.server_id, d.generation
    FROM cell_dues d
    JOIN cells c ON c.cell_id = d.cell_id
    CROSS JOIN LATERAL (
      SELECT count(*) AS hands, coalesce(bool_or(h.worker = p_worker), false) AS is_mine
        FROM cell_hands h WHERE h.cell_id = d.cell_id AND h.held_until > clock_timestamp()) AS l
   -- In a query of its own: a time that is read again at each row is looked up in no index.
   WHERE d.due_at <= (SELECT clock_timestamp()) AND l.hands < p_hands_max AND NOT l.is_mine
   ORDER BY l.hands, d.due_at LIMIT p_limit
$$;

-- Takes a hand at a cell, or renews it for `p_lease_s` seconds: false if others have all of `p_hands_max`. Hands that have run out
-- go. `due_at` is null if nothing is planned. No row if there is no such cell. Locks the row of cell_dues, then hands.
CREATE FUNCTION attach_cell_1(p_cell uuid, p_worker text, p_hands_max int, p_lease_s int)
RETURNS TABLE (is_attached boolean, generation bigint, due_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz;
BEGIN
  SELECT d.generation, nullif(d.due_at, 'infinity') INTO generation, due_at FROM cell_dues d WHERE d.cell_id = p_cell FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  v_now := clock_timestamp();
  DELETE FROM cell_hands h WHERE h.cell_id = p_cell AND h.held_until <= v_now AND h.worker <> p_worker;
  is_attached := (SELECT count(*) < p_hands_max FROM cell_hands h WHERE h.cell_id = p_cell AND h.worker <> p_worker);
  IF is_attached THEN
    INSERT INTO cell_hands (cell_id, worker, held_until) VALUES (p_cell, p_worker, v_now + make_interval(secs => p_lease_s))
        ON CONFLICT (cell_id, worker) DO UPDATE SET held_until = excluded.held_until;
  ELSE
    DELETE FROM cell_hands h WHERE h.cell_id = p_cell AND h.worker = p_worker;
  END IF;
  RETURN NEXT;
END
$$;

-- Gives a hand back. `p_due_at` is what the cell has next, asked after the worker has let go of everything there. False, and the
-- hand stays, if somebody has announced something since generation `p_generation`; false also if the hand is gone. The last to leave
-- says when a worker has to come, for all that have left; null is never. A worker that lost its hand while it worked there announces
-- the cell when it has let go. Locks the row of cell_dues, then hands.
CREATE FUNCTION rest_cell_1(p_cell uuid, p_worker text, p_generation bigint, p_due_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  PERFORM FROM cell_dues d WHERE d.cell_id = p_cell AND d.generation = p_generation FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM cell_hands h WHERE h.cell_id = p_cell AND h.worker = p_worker;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF EXISTS (SELECT FROM cell_hands h WHERE h.cell_id = p_cell AND h.held_until > clock_timestamp()) THEN
    UPDATE cell_dues d SET rest_at = least(d.rest_at, p_due_at) WHERE d.cell_id = p_cell;
  ELSE
    UPDATE cell_dues d SET due_at = least(d.rest_at, p_due_at), rest_at = 'infinity' WHERE d.cell_id = p_cell;
  END IF;
  RETURN true;
END
$$;

-- Somebody is about to write in a cell: a worker has to come, and none leaves unseen. False if there is no such cell. The hint goes to
-- the channel that is named after this schema.
CREATE FUNCTION announce_cell_1(p_cell uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  UPDATE cell_dues d
     SET generation = d.generation + 1, due_at = least(d.due_at, clock_timestamp()), announced_at = clock_timestamp()
   WHERE d.cell_id = p_cell;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  PERFORM pg_notify('capstan_' || current_schema() || '_cells', '');
  RETURN true;
END
$$;

-- How a server is reached as its runtime login, whose password is sealed. Nothing of its creator.
CREATE FUNCTION database_server_1(p_server uuid)
RETURNS TABLE (server_id uuid, host text, port int, tls text, login text, password_sealed bytea, password_key_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT s.server_id, s.host, s.port, s.tls, s.login, s.password_sealed, s.password_key_id
    FROM database_servers s WHERE s.server_id = p_server
$$;

-- As admit_key_2, with where the cell is. By the unique index on key_hash.
CREATE FUNCTION admit_key_3(p_key_hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, cell_id uuid, schema_name text, database_name text, server_id uuid, state text,
               state_reason text, key_id uuid, name text, scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.cell_id, c.schema_name, c.database_name, c.server_id, w.state, w.state_reason,
         k.key_id, k.name, k.scopes, k.expires_at,
         coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    FROM api_keys k
    JOIN workspaces w ON w.workspace_id = k.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE k.key_hash = p_key_hash
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$;

-- As admit_key_by_id_1, with where the cell is. By the primary key of api_keys.
CREATE FUNCTION admit_key_by_id_2(p_workspace_id uuid, p_key_id uuid)
RETURNS TABLE (workspace_id uuid, slug text, cell_id uuid, schema_name text, database_name text, server_id uuid, state text,
               state_reason text, key_id uuid, name text, scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.cell_id, c.schema_name, c.database_name, c.server_id, w.state, w.state_reason,
         k.key_id, k.name, k.scopes, k.expires_at,
         coalesce(k.last_used_at < clock_timestamp() - interval '1 minute', true)
    FROM api_keys k
    JOIN workspaces w ON w.workspace_id = k.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE k.workspace_id = p_workspace_id
     AND k.key_id = p_key_id
     AND k.revoked_at IS NULL
     AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
$$;

-- As resolve_workspace_2, with where the cell is, and by id. Exactly one argument is given; the others are null. By the unique index
-- on slug, or that on key_hash, or the primary key.
CREATE FUNCTION resolve_workspace_3(p_key_hash bytea, p_slug text, p_workspace uuid)
RETURNS TABLE (workspace_id uuid, slug text, cell_id uuid, schema_name text, database_name text, server_id uuid, state text,
               state_reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT w.workspace_id, w.slug, c.cell_id, c.schema_name, c.database_name, c.server_id, w.state, w.state_reason
    FROM workspaces w
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE num_nonnulls(p_key_hash, p_slug, p_workspace) = 1
     AND w.workspace_id = CASE
           WHEN p_workspace IS NOT NULL THEN p_workspace
           WHEN p_slug IS NOT NULL THEN (SELECT s.workspace_id FROM workspaces s WHERE s.slug = p_slug)
           ELSE (SELECT k.workspace_id FROM api_keys k
                  WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND k.scopes IS NULL
                    AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()))
         END
$$;

-- As plans_to_sync_1, with where the cell is, and without those whose own cell is not made yet.
CREATE FUNCTION plans_to_sync_2(p_workspace uuid, p_most int)
RETURNS TABLE (workspace_id uuid, cell_id uuid, schema_name text, database_name text, server_id uuid, plan text, revision bigint,
               limits jsonb, buffer_percent int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT s.workspace_id, c.cell_id, c.schema_name, c.database_name, c.server_id, s.plan, s.revision,
         jsonb_strip_nulls(p.limits || s.overrides), coalesce(s.buffer_percent, p.buffer_percent)
    FROM workspace_plans s
    JOIN plans p ON p.plan = s.plan
    JOIN workspaces w ON w.workspace_id = s.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE CASE WHEN p_workspace IS NULL THEN s.synced_revision < s.revision
                   AND (c.database_name IS NULL OR w.state NOT IN ('draft', 'provisioning'))
              ELSE s.workspace_id = p_workspace END
   ORDER BY s.tried_at LIMIT p_most
$$;

-- Processes of the release before know the schema only, and would look for it in the fleet's own database: for them there are no
-- dedicated cells.
CREATE OR REPLACE FUNCTION admit_key_2(p_key_hash bytea)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text, key_id uuid, name text,
               scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT a.workspace_id, a.slug, a.schema_name, a.state, a.state_reason, a.key_id, a.name, a.scopes, a.expires_at, a.is_stale
    FROM admit_key_3(p_key_hash) AS a WHERE a.database_name IS NULL
$$;
CREATE OR REPLACE FUNCTION admit_key_by_id_1(p_workspace_id uuid, p_key_id uuid)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text, key_id uuid, name text,
               scopes text[], expires_at timestamptz, is_stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT a.workspace_id, a.slug, a.schema_name, a.state, a.state_reason, a.key_id, a.name, a.scopes, a.expires_at, a.is_stale
    FROM admit_key_by_id_2(p_workspace_id, p_key_id) AS a WHERE a.database_name IS NULL
$$;
CREATE OR REPLACE FUNCTION resolve_workspace_2(p_key_hash bytea, p_slug text)
RETURNS TABLE (workspace_id uuid, slug text, schema_name text, state text, state_reason text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT r.workspace_id, r.slug, r.schema_name, r.state, r.state_reason
    FROM resolve_workspace_3(p_key_hash, p_slug, NULL) AS r WHERE r.database_name IS NULL
$$;
CREATE OR REPLACE FUNCTION plans_to_sync_1(p_workspace uuid, p_most int)
RETURNS TABLE (workspace_id uuid, schema_name text, plan text, revision bigint, limits jsonb, buffer_percent int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT u.workspace_id, u.schema_name, u.plan, u.revision, u.limits, u.buffer_percent
    FROM plans_to_sync_2(p_workspace, p_most) AS u WHERE u.database_name IS NULL
$$;

DO $$
DECLARE
  v_schema text := current_schema();
  v_function text;
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  FOREACH v_function IN ARRAY ARRAY[
    'cells_due_1(text, int, int)', 'attach_cell_1(uuid, text, int, int)', 'rest_cell_1(uuid, text, bigint, timestamptz)',
    'announce_cell_1(uuid)', 'database_server_1(uuid)', 'admit_key_3(bytea)', 'admit_key_by_id_2(uuid, uuid)',
    'resolve_workspace_3(bytea, text, uuid)', 'plans_to_sync_2(uuid, int)'
  ] LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO capstan_resolver', v_function);
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
  END LOOP;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO capstan_worker, capstan_starter', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION admit_key_3(bytea), admit_key_by_id_2(uuid, uuid), resolve_workspace_3(bytea, text, uuid),
  plans_to_sync_2(uuid, int) TO capstan_api;
GRANT EXECUTE ON FUNCTION cells_due_1(text, int, int), attach_cell_1(uuid, text, int, int),
  rest_cell_1(uuid, text, bigint, timestamptz) TO capstan_worker;
GRANT EXECUTE ON FUNCTION announce_cell_1(uuid) TO capstan_api, capstan_starter, capstan_access, capstan_worker;
GRANT EXECUTE ON FUNCTION database_server_1(uuid) TO capstan_api, capstan_access, capstan_worker;
