-- Schedules, and what triggers are to start by themselves. A fire time becomes a row of trigger_starts in the commit that
-- moves the schedule on, and an execution in the commit that settles that row: each once, whoever dies in between.

-- One row for each `trigger.schedule` of the current version of a workflow, kept in step in the transaction that publishes.
-- `rules` are those of its config, with spans in milliseconds. `next_at` is the next fire time: none while it is paused, and
-- none once it is over. `missed` counts fire times that nothing was started for.
CREATE TABLE schedules (
  workspace_id uuid NOT NULL,
  schedule_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  version_id uuid NOT NULL,
  rules jsonb NOT NULL,
  next_at timestamptz,
  missed bigint NOT NULL DEFAULT 0 CONSTRAINT schedules_missed CHECK (missed >= 0),
  paused_at timestamptz,
  paused_by text,
  paused_reason text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, schedule_id),
  CONSTRAINT schedules_node_key UNIQUE (workspace_id, workflow_id, node_id),
  CONSTRAINT schedules_paused CHECK (paused_at IS NULL OR next_at IS NULL)
);
CREATE INDEX schedules_next_at ON schedules (next_at) WHERE next_at IS NOT NULL;

-- A start that a trigger is to make: `subject` is what for, a fire time, an event or an execution, once for each trigger.
-- One that is `due` is tried from `due_at` on, and until `until_at` if it is refused; a pause has it `held`. `depth` is how
-- many events led to it. The input goes once nobody needs it any more.
CREATE TABLE trigger_starts (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  subject text NOT NULL CONSTRAINT trigger_starts_subject_length CHECK (octet_length(subject) BETWEEN 1 AND 250),
  version_id uuid NOT NULL,
  cause text NOT NULL
    CONSTRAINT trigger_starts_cause CHECK (cause IN ('schedule', 'catch_up', 'backfill', 'now', 'event', 'execution')),
  at timestamptz NOT NULL,
  input jsonb,
  overlap text NOT NULL DEFAULT 'allow'
    CONSTRAINT trigger_starts_overlap CHECK (overlap IN ('allow', 'skip', 'queue', 'cancel')),
  depth int NOT NULL DEFAULT 0 CONSTRAINT trigger_starts_depth CHECK (depth >= 0),
  status text NOT NULL DEFAULT 'due'
    CONSTRAINT trigger_starts_status CHECK (status IN ('due', 'held', 'started', 'skipped', 'missed')),
  due_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  tries int NOT NULL DEFAULT 0,
  execution_id uuid,
  reason text,
  settled_at timestamptz,
  PRIMARY KEY (workspace_id, workflow_id, node_id, subject),
  CONSTRAINT trigger_starts_settled CHECK ((status IN ('due', 'held')) = (settled_at IS NULL)),
  CONSTRAINT trigger_starts_input CHECK (input IS NOT NULL OR settled_at IS NOT NULL),
  CONSTRAINT trigger_starts_execution CHECK ((status = 'started') <= (execution_id IS NOT NULL))
);
CREATE INDEX trigger_starts_due_at ON trigger_starts (due_at) WHERE status = 'due';
CREATE INDEX trigger_starts_open ON trigger_starts (workspace_id, workflow_id) WHERE settled_at IS NULL;
CREATE INDEX trigger_starts_at ON trigger_starts (workspace_id, workflow_id, node_id, at DESC);
CREATE INDEX trigger_starts_settled_at ON trigger_starts (settled_at) WHERE settled_at IS NOT NULL;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['schedules', 'trigger_starts'] LOOP
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

-- The API publishes, pauses and back-fills; workers move schedules on, start, and remove what is old.
GRANT SELECT, INSERT, UPDATE, DELETE ON schedules TO capstan_api;
GRANT SELECT, INSERT ON trigger_starts TO capstan_api;
GRANT UPDATE (version_id, status, cause, input, overlap, due_at, until_at, tries, reason, settled_at) ON trigger_starts
  TO capstan_api;
GRANT SELECT ON schedules TO capstan_worker;
GRANT UPDATE (next_at, missed, updated_at) ON schedules TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON trigger_starts TO capstan_worker;
GRANT UPDATE (status, due_at, tries, execution_id, reason, settled_at, input) ON trigger_starts TO capstan_worker;
