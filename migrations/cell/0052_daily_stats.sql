-- What each workspace did on each day (UTC), summed up from executions, usage and leads. A count of a day replaces the row
-- of that day; nothing else is kept beside the facts, so that it can be counted anew at any time.

-- Durations are of executions that completed or failed, in milliseconds; null if none did.
CREATE TABLE workspace_daily_stats (
  workspace_id uuid NOT NULL,
  day date NOT NULL,
  -- By the day of their start, without trials of drafts.
  executions_started bigint NOT NULL,
  -- Of those, so far.
  executions_completed bigint NOT NULL,
  executions_failed bigint NOT NULL,
  executions_cancelled bigint NOT NULL,
  duration_ms_sum bigint NOT NULL,
  duration_ms_max bigint,
  duration_ms_p50 bigint,
  duration_ms_p95 bigint,
  emails_sent bigint NOT NULL,
  leads_created bigint NOT NULL,
  -- When the count began. One that began earlier never replaces one that began later.
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, day),
  CONSTRAINT workspace_daily_stats_counts CHECK (
    least(executions_completed, executions_failed, executions_cancelled, duration_ms_sum, emails_sent, leads_created) >= 0
    AND executions_started >= executions_completed + executions_failed + executions_cancelled)
);

ALTER TABLE workspace_daily_stats ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_daily_stats FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace_daily_stats_tenant ON workspace_daily_stats FOR SELECT TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY workspace_daily_stats_worker ON workspace_daily_stats TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT ON workspace_daily_stats TO capstan_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON workspace_daily_stats TO capstan_worker;

-- Which days there are to count, and how far the count of each has come: workspaces up to `after_workspace` are written; of
-- the one at hand, executions up to `after_execution` are in `tally`. Who goes on with it has the row's lock for a moment.
CREATE TABLE stats_days (
  day date PRIMARY KEY,
  -- When it is counted next; null once it never is again.
  due_at timestamptz,
  began_at timestamptz,
  after_workspace uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  at_workspace uuid,
  at_began_at timestamptz,
  after_execution uuid,
  tally jsonb,
  CONSTRAINT stats_days_at CHECK (num_nulls(at_workspace, at_began_at, after_execution, tally) IN (0, 4))
);
CREATE INDEX stats_days_due ON stats_days (due_at) WHERE due_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON stats_days TO capstan_worker;
