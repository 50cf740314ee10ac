-- Plans: what a workspace may use. Each cell keeps a copy of the limits of its workspaces, which is brought there by
-- processes that read here and write there, each side in a transaction of its own.

-- `limits`: quota to units; a quota that is not in it has no limit. `buffer_percent`: how much more is served before starts
-- are refused.
CREATE TABLE plans (
  plan text PRIMARY KEY CONSTRAINT plans_plan_form CHECK (plan ~ '^[a-z][a-z0-9_-]{0,39}$'),
  name text NOT NULL CONSTRAINT plans_name_length CHECK (length(name) BETWEEN 1 AND 100),
  place int NOT NULL,
  limits jsonb NOT NULL CONSTRAINT plans_limits_form CHECK (jsonb_typeof(limits) = 'object'),
  buffer_percent int NOT NULL DEFAULT 20 CONSTRAINT plans_buffer_percent CHECK (buffer_percent BETWEEN 0 AND 1000),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

INSERT INTO plans (plan, name, place, limits) VALUES
  ('free', 'Free', 1, '{"workflows": 5, "leads": 500, "executions_per_month": 1000, "email_sends_per_month": 100}'),
  ('starter', 'Starter', 2, '{"workflows": 25, "leads": 5000, "executions_per_month": 20000, "email_sends_per_month": 5000}'),
  ('pro', 'Pro', 3, '{"workflows": 200, "leads": 100000, "executions_per_month": 500000, "email_sends_per_month": 100000}'),
  ('unlimited', 'Unlimited', 4, '{}');

-- `overrides`: limits instead of the plan's; null is none. `revision` rises with each change, and `synced_revision` says which
-- one the cell has. `tried_at`: when it was last tried in vain to bring them there, so that others come first.
CREATE TABLE workspace_plans (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces,
  plan text NOT NULL REFERENCES plans,
  overrides jsonb NOT NULL DEFAULT '{}' CONSTRAINT workspace_plans_overrides_form CHECK (jsonb_typeof(overrides) = 'object'),
  buffer_percent int CONSTRAINT workspace_plans_buffer_percent CHECK (buffer_percent BETWEEN 0 AND 1000),
  revision bigint NOT NULL DEFAULT 1,
  synced_revision bigint NOT NULL DEFAULT 0,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tried_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX workspace_plans_unsynced ON workspace_plans (tried_at) WHERE synced_revision < revision;

ALTER TABLE workspace_plans ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_plans FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace_plans_tenant ON workspace_plans FOR SELECT TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY workspace_plans_resolver ON workspace_plans TO capstan_resolver USING (true) WITH CHECK (true);
CREATE POLICY workspace_plans_owner ON workspace_plans TO CURRENT_USER USING (true) WITH CHECK (true);

-- Nothing that runs today stops.
INSERT INTO workspace_plans (workspace_id, plan) SELECT w.workspace_id, 'unlimited' FROM workspaces w;

-- Gives a new workspace its first plan; false, and nothing is changed, if it has one.
CREATE FUNCTION give_plan_1(p_workspace uuid, p_plan text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
  INSERT INTO workspace_plans (workspace_id, plan) VALUES (p_workspace, p_plan) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END
$$;

-- What cells do not know yet, those first that have waited longest since they were made or tried in vain, or, if one is named, what that workspace's cell is to know. Limits are the
-- plan's with those of the workspace over them.
CREATE FUNCTION plans_to_sync_1(p_workspace uuid, p_most int)
RETURNS TABLE (workspace_id uuid, schema_name text, plan text, revision bigint, limits jsonb, buffer_percent int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT s.workspace_id, c.schema_name, s.plan, s.revision, jsonb_strip_nulls(p.limits || s.overrides),
         coalesce(s.buffer_percent, p.buffer_percent)
    FROM workspace_plans s
    JOIN plans p ON p.plan = s.plan
    JOIN workspaces w ON w.workspace_id = s.workspace_id
    JOIN cells c ON c.cell_id = w.cell_id
   WHERE CASE WHEN p_workspace IS NULL THEN s.synced_revision < s.revision ELSE s.workspace_id = p_workspace END
   ORDER BY s.tried_at LIMIT p_most
$$;

CREATE FUNCTION plan_synced_1(p_workspace uuid, p_revision bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE workspace_plans s SET synced_revision = greatest(s.synced_revision, p_revision) WHERE s.workspace_id = p_workspace
$$;

-- A cell could not be told: others come first.
CREATE FUNCTION plan_not_synced_1(p_workspace uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  UPDATE workspace_plans s SET tried_at = clock_timestamp() WHERE s.workspace_id = p_workspace
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION give_plan_1(uuid, text) OWNER TO capstan_resolver;
  ALTER FUNCTION plans_to_sync_1(uuid, int) OWNER TO capstan_resolver;
  ALTER FUNCTION plan_synced_1(uuid, bigint) OWNER TO capstan_resolver;
  ALTER FUNCTION plan_not_synced_1(uuid) OWNER TO capstan_resolver;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
REVOKE ALL ON FUNCTION give_plan_1(uuid, text), plans_to_sync_1(uuid, int), plan_synced_1(uuid, bigint),
  plan_not_synced_1(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION give_plan_1(uuid, text), plans_to_sync_1(uuid, int), plan_synced_1(uuid, bigint),
  plan_not_synced_1(uuid) TO capstan_api;
-- Who signs up gets a plan in the transaction that makes the workspace.
GRANT EXECUTE ON FUNCTION give_plan_1(uuid, text) TO capstan_access;
GRANT SELECT ON plans TO capstan_resolver, capstan_api;
GRANT SELECT ON workspace_plans TO capstan_api;
GRANT SELECT, INSERT, UPDATE ON workspace_plans TO capstan_resolver;
