-- Bulk jobs: one verb on many executions.

-- `reached` is the last item that was worked on; items are done in execution order. `turn_at` is when a worker last
-- came by: jobs of different workspaces take turns. The key is that of whoever asked; kept as long as the job.
CREATE TABLE bulk_jobs (
  workspace_id uuid NOT NULL,
  job_id uuid NOT NULL,
  verb text NOT NULL CONSTRAINT bulk_jobs_verb CHECK (verb IN ('cancel', 'restart', 'signal')),
  filter jsonb NOT NULL,
  arguments jsonb NOT NULL,
  status text NOT NULL DEFAULT 'running' CONSTRAINT bulk_jobs_status
    CHECK (status IN ('running', 'completed', 'cancelled')),
  total int NOT NULL DEFAULT 0,
  done int NOT NULL DEFAULT 0,
  failed int NOT NULL DEFAULT 0,
  skipped int NOT NULL DEFAULT 0,
  reached uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  key_hash bytea,
  request_hash bytea NOT NULL,
  turn_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  PRIMARY KEY (workspace_id, job_id),
  CONSTRAINT bulk_jobs_key UNIQUE (workspace_id, key_hash),
  CONSTRAINT bulk_jobs_ended CHECK ((ended_at IS NULL) = (status = 'running')),
  CONSTRAINT bulk_jobs_counts CHECK (done + failed + skipped <= total),
  CONSTRAINT bulk_jobs_whole CHECK (status <> 'completed' OR done + failed + skipped = total)
) WITH (fillfactor = 50);
CREATE INDEX bulk_jobs_turn ON bulk_jobs (turn_at) WHERE status = 'running';
CREATE INDEX bulk_jobs_running ON bulk_jobs (workspace_id, job_id) WHERE status = 'running';
CREATE INDEX bulk_jobs_ended_at ON bulk_jobs (ended_at) WHERE ended_at IS NOT NULL;

-- The executions of a job, fixed when it is made. `version_id` is what a restart runs on.
CREATE TABLE bulk_items (
  workspace_id uuid NOT NULL,
  job_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  version_id uuid,
  status text NOT NULL DEFAULT 'pending' CONSTRAINT bulk_items_status
    CHECK (status IN ('pending', 'done', 'failed', 'skipped')),
  reason text,
  new_execution_id uuid,
  PRIMARY KEY (workspace_id, job_id, execution_id),
  FOREIGN KEY (workspace_id, job_id) REFERENCES bulk_jobs,
  CONSTRAINT bulk_items_reason CHECK ((reason IS NOT NULL) = (status IN ('failed', 'skipped'))),
  CONSTRAINT bulk_items_new CHECK (new_execution_id IS NULL OR status = 'done')
) WITH (fillfactor = 70);
CREATE INDEX bulk_items_by_status ON bulk_items (workspace_id, job_id, status, execution_id);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['bulk_jobs', 'bulk_items'] LOOP
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

-- The API makes jobs and stops them; workers do them, and remove what is old.
GRANT SELECT, INSERT ON bulk_jobs, bulk_items TO capstan_api;
GRANT UPDATE (status, total, ended_at) ON bulk_jobs TO capstan_api;
GRANT SELECT, UPDATE, DELETE ON bulk_jobs, bulk_items TO capstan_worker;
