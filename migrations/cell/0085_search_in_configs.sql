-- Which workflows use a value in the configuration of a node.

-- The configuration of a node below the id of its workspace. The entries of an index over it, which are made of paths and values,
-- are of one workspace each, so that a look into it meets nothing of another one. Immutable: nothing of JSON depends on settings.
CREATE FUNCTION config_of_1(p_workspace uuid, p_config jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT jsonb_build_object(p_workspace::text, p_config)
$$;

-- The workflows of a workspace whose newest version has a node whose configuration contains `p_config`, and whether there are so many
-- nodes like that, in all versions, that they were not looked through: `workflow_ids` is empty then. Nothing is found by what holds no
-- value.
--
-- `@>` is not leak-proof, so under row-level security it is not looked up in an index. This runs as the role of workers instead, for
-- the workspace that the transaction names and for no other, and holds rows to it by itself. Uses workflow_nodes_config and the keys
-- of versions.
CREATE FUNCTION search_configs_1(p_workspace uuid, p_config jsonb, p_most int, OUT workflow_ids uuid[], OUT is_too_many boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = on SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  v_sought jsonb := config_of_1(p_workspace, p_config);
BEGIN
  workflow_ids := '{}';
  is_too_many := false;
  IF p_workspace IS DISTINCT FROM nullif(current_setting('app.workspace_id', true), '')::uuid
     OR NOT jsonb_path_exists(p_config, '$.** ? (@.type() != "object" && @.type() != "array")') THEN
    RETURN;
  END IF;
  -- No other condition is in reach of the planner, so that no other index is.
  WITH matched AS MATERIALIZED (
    SELECT n.workspace_id, n.version_id FROM workflow_nodes n
     WHERE config_of_1(n.workspace_id, n.config) @> v_sought LIMIT p_most + 1)
  SELECT (SELECT count(*) FROM matched) > p_most,
         ARRAY(SELECT DISTINCT o.workflow_id
                 FROM (SELECT DISTINCT m.version_id FROM matched m WHERE m.workspace_id = p_workspace) d
                CROSS JOIN LATERAL (SELECT v.workflow_id, v.number FROM workflow_versions v
                                     WHERE v.workspace_id = p_workspace AND v.version_id = d.version_id OFFSET 0) o
                WHERE o.number = (SELECT max(x.number) FROM workflow_versions x
                                   WHERE x.workspace_id = p_workspace AND x.workflow_id = o.workflow_id))
    INTO is_too_many, workflow_ids;
  IF is_too_many THEN
    workflow_ids := '{}';
  END IF;
END
$$;

REVOKE ALL ON FUNCTION config_of_1(uuid, jsonb), search_configs_1(uuid, jsonb, int) FROM PUBLIC;
-- Who publishes evaluates the index's expression.
GRANT EXECUTE ON FUNCTION config_of_1(uuid, jsonb) TO capstan_api, capstan_worker;
GRANT EXECUTE ON FUNCTION search_configs_1(uuid, jsonb, int) TO capstan_api;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION search_configs_1(uuid, jsonb, int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
