-- Who may see and do what. Every tenant table has row-level security, enabled and forced.

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY[
    'workflows', 'workflow_drafts', 'workflow_versions', 'workflow_nodes', 'workflow_edges', 'trigger_paths',
    'queue', 'leases', 'timers', 'gated', 'signals', 'idempotency_keys', 'quota_counters',
    'executions', 'journal', 'execution_logs', 'usage', 'outbox', 'sandbox_mails'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY %I ON %I TO capstan_api, capstan_tenant '
      'USING (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid) '
      'WITH CHECK (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid)',
      v_table || '_tenant', v_table);
    EXECUTE format('CREATE POLICY %I ON %I TO capstan_worker USING (true) WITH CHECK (true)',
      v_table || '_worker', v_table);
  END LOOP;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO capstan_api, capstan_starter, capstan_worker, capstan_tenant', v_schema);
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION start_1(uuid[], uuid[], uuid[], uuid[], text[], text[], bigint[], bigint[], bytea[], bytea[])
    OWNER TO capstan_worker;
  ALTER FUNCTION take_slice_1(uuid, text, bigint) OWNER TO capstan_worker;
  ALTER FUNCTION return_slice_1(uuid, text, bigint) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;

-- Starts: the function, and the quota that starts spend; nothing else.
GRANT EXECUTE ON FUNCTION take_slice_1(uuid, text, bigint), return_slice_1(uuid, text, bigint) TO capstan_starter;
GRANT EXECUTE ON FUNCTION start_1(uuid[], uuid[], uuid[], uuid[], text[], text[], bigint[], bigint[], bytea[], bytea[])
  TO capstan_starter;

-- API: reads and writes of one workspace at a time.
GRANT SELECT, INSERT, UPDATE ON workflows, workflow_drafts TO capstan_api;
GRANT SELECT, INSERT ON workflow_versions, workflow_nodes, workflow_edges TO capstan_api;
GRANT SELECT, INSERT, DELETE ON trigger_paths TO capstan_api;
GRANT SELECT ON executions, journal, execution_steps, execution_logs, usage, leases, timers, quota_counters,
  sandbox_mails TO capstan_api;
GRANT SELECT, INSERT ON signals TO capstan_api;
GRANT INSERT ON queue TO capstan_api;
GRANT SELECT ON queue_front TO capstan_api;
GRANT EXECUTE ON FUNCTION signal_1(uuid, uuid, uuid, text, text, int), uuid_floor_1(timestamptz) TO capstan_api;

-- Workers: all workspaces of the cell, through policies of their own.
GRANT SELECT ON workflow_versions TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON queue, timers, gated, signals, idempotency_keys, outbox, sandbox_mails TO capstan_worker;
GRANT UPDATE ON queue, timers TO capstan_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON leases, workers TO capstan_worker;
GRANT SELECT, INSERT, UPDATE ON queue_front, executions, quota_counters TO capstan_worker;
GRANT SELECT, INSERT ON journal, execution_logs, usage TO capstan_worker;
GRANT SELECT ON execution_steps TO capstan_worker;
GRANT USAGE ON SEQUENCE lease_numbers, worker_numbers TO capstan_worker;
GRANT EXECUTE ON FUNCTION worker_lock_1(), alive_lock_1(), guard_1(int), fire_timers_1(int, timestamptz),
  claim_1(int, int, bigint, boolean), heed_1(uuid, bigint), release_1(int, uuid[], bigint[]), reap_1(int),
  beat_1(int, bigint, timestamptz, boolean), peers_1(int), evict_1(int), tidy_1(timestamptz, timestamptz, int),
  uuid_floor_1(timestamptz), make_months_1(), signal_1(uuid, uuid, uuid, text, text, int) TO capstan_worker;
GRANT EXECUTE ON FUNCTION commit_1(
  int, uuid[], bigint[], uuid[], int[], uuid[], bigint[], text[], text[], text[], text[], text[], int[], text[], text[],
  timestamptz[], uuid[], text[], text[], text[], uuid[], uuid[], uuid[], timestamptz[], uuid[], uuid[], uuid[], text[],
  uuid[], text[], uuid[], int[], text[], uuid[], bigint[]) TO capstan_worker;
