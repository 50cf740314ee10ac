-- no-transaction
-- Values in the configuration of nodes, for search_configs_1. One statement: it cannot run in a transaction, and versions are published
-- meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS workflow_nodes_config ON workflow_nodes USING gin (config_of_1(workspace_id, config) jsonb_path_ops);
