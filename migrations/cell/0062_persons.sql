-- Jobs about one person, known by an e-mail address: all that a workspace holds is exported, or erased in place.

-- Workers do a job turn by turn: a page of `part` after `reached` and `reached_item`, whose finds and whose cursor are one
-- transaction. `address` goes when the job ends; what stays is a hash under a key of the workspace. A job that is `waiting`
-- has searched all, and comes again for what had not ended. `failures` counts turns in a row that broke off.
CREATE TABLE person_jobs (
  workspace_id uuid NOT NULL,
  -- Made by the application; orders by time.
  job_id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT person_jobs_kind CHECK (kind IN ('export', 'erase')),
  address text CONSTRAINT person_jobs_address_length CHECK (octet_length(address) BETWEEN 3 AND 300),
  address_hash bytea NOT NULL CONSTRAINT person_jobs_address_hash_length CHECK (length(address_hash) = 32),
  by_kind text NOT NULL CONSTRAINT person_jobs_by_kind CHECK (by_kind IN ('key', 'user')),
  by_name text NOT NULL CONSTRAINT person_jobs_by_name_length CHECK (length(by_name) <= 300),
  status text NOT NULL DEFAULT 'running' CONSTRAINT person_jobs_status
    CHECK (status IN ('running', 'waiting', 'completed', 'failed')),
  reason text CONSTRAINT person_jobs_reason_length CHECK (length(reason) <= 500),
  part text NOT NULL DEFAULT 'leads' CONSTRAINT person_jobs_part
    CHECK (part IN ('leads', 'history', 'events', 'mails', 'executions', 'left')),
  reached uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  reached_item uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  searched bigint NOT NULL DEFAULT 0,
  found bigint NOT NULL DEFAULT 0,
  line_bytes bigint NOT NULL DEFAULT 0,
  failures int NOT NULL DEFAULT 0,
  turn_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  PRIMARY KEY (workspace_id, job_id),
  CONSTRAINT person_jobs_ended CHECK ((ended_at IS NULL) = (status IN ('running', 'waiting'))),
  CONSTRAINT person_jobs_address_goes CHECK ((address IS NULL) = (ended_at IS NOT NULL)),
  CONSTRAINT person_jobs_reason CHECK ((reason IS NOT NULL) = (status = 'failed'))
) WITH (fillfactor = 50);
CREATE INDEX person_jobs_turn ON person_jobs (turn_at) WHERE ended_at IS NULL;
CREATE INDEX person_jobs_open ON person_jobs (workspace_id) WHERE ended_at IS NULL;
CREATE INDEX person_jobs_gone ON person_jobs (ended_at) WHERE kind = 'export' AND ended_at IS NOT NULL;

-- What an export found, a line of JSON each, numbered from 1 in the order in which it was found.
CREATE TABLE person_lines (
  workspace_id uuid NOT NULL,
  job_id uuid NOT NULL,
  line_no bigint NOT NULL,
  line text NOT NULL,
  PRIMARY KEY (workspace_id, job_id, line_no)
);

-- What a job has to know later: leads that are the person's, and what held the address and had not ended.
CREATE TABLE person_marks (
  workspace_id uuid NOT NULL,
  job_id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT person_marks_kind CHECK (kind IN ('lead', 'event', 'execution')),
  id uuid NOT NULL,
  PRIMARY KEY (workspace_id, job_id, kind, id)
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['person_jobs', 'person_lines', 'person_marks'] LOOP
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

-- The API makes jobs and reads what they came to; workers do them, and remove what is past its time.
GRANT SELECT, INSERT ON person_jobs TO capstan_api;
GRANT SELECT ON person_lines, person_marks TO capstan_api;
GRANT SELECT, DELETE ON person_jobs TO capstan_worker;
GRANT UPDATE (address, status, reason, part, reached, reached_item, searched, found, line_bytes, failures, turn_at, ended_at)
  ON person_jobs TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON person_lines, person_marks TO capstan_worker;

-- What an erasure takes out, and nothing beside: what happened, when and in which order stays as it is.
GRANT UPDATE (output, detail) ON journal TO capstan_worker;
GRANT UPDATE (message) ON execution_logs TO capstan_worker;
GRANT UPDATE (client_id, key, data) ON events TO capstan_worker;
GRANT UPDATE (title, body, fields, answer) ON approvals TO capstan_worker;
GRANT UPDATE (data) ON lead_events TO capstan_worker;
GRANT UPDATE (deleted_at) ON leads TO capstan_worker;

-- As agenda_2, which workers of the release before go on to call, with the jobs about persons among the jobs. One step more,
-- into person_jobs_turn.
CREATE FUNCTION agenda_3(
  OUT limits boolean, OUT lines boolean, OUT pauses_no bigint, OUT held boolean, OUT starts_ms bigint,
  OUT triggers_ms bigint, OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
  SELECT a.limits, a.lines, a.pauses_no, a.held, a.starts_ms, a.triggers_ms, a.endpoints, a.lanes, a.events, a.jobs
    INTO limits, lines, pauses_no, held, starts_ms, triggers_ms, endpoints, lanes, events, jobs
    FROM agenda_2() a;
  jobs := (SELECT true FROM person_jobs p WHERE p.ended_at IS NULL AND p.turn_at <= clock_timestamp() LIMIT 1)
    IS NOT NULL OR jobs;
END
$$;
REVOKE ALL ON FUNCTION agenda_3() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agenda_3() TO capstan_worker;
