-- Limits on how many executions are at work at a time: in a workspace, of a workflow, of a key of a workflow
-- (docs/limits.md). Gates are named `workspace`, `workflow:<id>` and `key:<workflow id>:<value>`. An execution whose gates
-- have room holds a slot of each while it is at work; else it waits in `gated` at the first gate that is full.

-- The limits, by name: `workspace`, `workflow:<id>`, `key:<workflow id>`, which holds for each value of the key. Null: there
-- is none any more; the row stays, so that workers hear of it.
CREATE TABLE limits (
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT limits_name_length CHECK (length(name) BETWEEN 1 AND 100),
  slots_max int CONSTRAINT limits_slots_max CHECK (slots_max BETWEEN 1 AND 100000),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, name)
) WITH (fillfactor = 50);
CREATE INDEX limits_updated_at ON limits (updated_at);

-- A row is a slot that is held.
CREATE TABLE slots (
  workspace_id uuid NOT NULL,
  gate text NOT NULL CONSTRAINT slots_gate_length CHECK (length(gate) BETWEEN 1 AND 300),
  execution_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, gate, execution_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX slots_execution ON slots (execution_id);

-- Nobody has used the table before. `gates` are all that the execution has to pass, `key_max` is what its version says of
-- its key.
ALTER TABLE gated RENAME COLUMN concurrency_key TO gate;
ALTER TABLE gated ADD COLUMN gates text[] NOT NULL DEFAULT '{}';
ALTER TABLE gated ADD COLUMN key_max int;
ALTER TABLE gated ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp();
ALTER TABLE gated SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE UNIQUE INDEX gated_execution ON gated (execution_id);

-- When the lines were last gone through for what no hint told of. One row, raised at most about once a second.
CREATE TABLE gate_sweeps (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT gate_sweeps_one CHECK (one),
  swept_at timestamptz NOT NULL
) WITH (fillfactor = 20);
INSERT INTO gate_sweeps (swept_at) VALUES (clock_timestamp());

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['limits', 'slots'] LOOP
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
GRANT SELECT, INSERT ON limits TO capstan_api;
GRANT UPDATE (slots_max, updated_at) ON limits TO capstan_api;
GRANT SELECT ON slots, gated TO capstan_api;
GRANT SELECT ON limits TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON slots TO capstan_worker;
GRANT SELECT, UPDATE ON gate_sweeps TO capstan_worker;

-- Begins a passing of the gates of a workspace: the fence of the worker, if it comes with leases, then the workspace's lock,
-- which all take who let somebody in. Only a later statement looks. Set lock_timeout before.
CREATE FUNCTION lock_gates_1(p_worker int, p_workspace uuid) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF p_worker IS NOT NULL THEN
    PERFORM guard_1(p_worker);
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#gates'), hashtext(p_workspace::text));
END
$$;

-- Writes what was judged under the workspace's lock. `slots`: slots that are held from now on; `tokens`: executions that were
-- let in from a line; `waits`: executions that come to wait at a gate, with their places; `parks`: those of them whose leases
-- go, with their next deadlines. Answers those of `parks` whose leases stay, since a signal is there.
-- Locks: leases in execution order. Uses keys throughout.
CREATE FUNCTION pass_gates_1(p_workspace uuid, p_judged jsonb) RETURNS SETOF uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_tokens uuid[] := ARRAY(SELECT jsonb_array_elements_text(p_judged -> 'tokens')::uuid);
  v_parks uuid[] := ARRAY(SELECT (p ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'parks') AS p
                           ORDER BY 1);
BEGIN
  DELETE FROM gated g
   WHERE g.execution_id = ANY (v_tokens
           || ARRAY(SELECT (s ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'slots') AS s)
           || ARRAY(SELECT (w ->> 'execution_id')::uuid FROM jsonb_array_elements(p_judged -> 'waits') AS w));
  INSERT INTO slots (workspace_id, gate, execution_id)
  SELECT p_workspace, s.gate, s.execution_id
    FROM jsonb_to_recordset(p_judged -> 'slots') AS s (gate text, execution_id uuid)
  ON CONFLICT DO NOTHING;
  INSERT INTO gated (workspace_id, gate, vt, execution_id, gates, key_max, created_at)
  SELECT p_workspace, w.gate, w.vt, w.execution_id, w.gates, w.key_max, coalesce(w.since, clock_timestamp())
    FROM jsonb_to_recordset(p_judged -> 'waits') AS w (
           gate text, vt bigint, execution_id uuid, gates text[], key_max int, since timestamptz);
  IF cardinality(v_tokens) > 0 THEN
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT (SELECT f.vt FROM queue_front f), t, p_workspace, false FROM unnest(v_tokens) AS t;
  END IF;
  IF cardinality(v_parks) > 0 THEN
    WITH gone AS (
      DELETE FROM leases l WHERE l.execution_id = ANY (v_parks) AND NOT l.woken RETURNING l.execution_id
    )
    INSERT INTO timers AS t (execution_id, workspace_id, due_at)
    SELECT p.execution_id, p_workspace, p.due_at
      FROM jsonb_to_recordset(p_judged -> 'parks') AS p (execution_id uuid, due_at timestamptz)
      JOIN gone ON gone.execution_id = p.execution_id
     WHERE p.due_at IS NOT NULL ORDER BY p.execution_id
    ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
    RETURN QUERY SELECT l.execution_id FROM leases l WHERE l.execution_id = ANY (v_parks);
  END IF;
END
$$;

-- Executions that this transaction has parked or ended give their slots, and their places in line, back. One whose lease has
-- stayed keeps them.
CREATE FUNCTION leave_gates_1(p_ids uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_held uuid[] := ARRAY(SELECT l.execution_id FROM leases l WHERE l.execution_id = ANY (p_ids));
BEGIN
  DELETE FROM slots s WHERE s.execution_id = ANY (p_ids) AND s.execution_id <> ALL (v_held);
  DELETE FROM gated g WHERE g.execution_id = ANY (p_ids) AND g.execution_id <> ALL (v_held);
END
$$;

-- As before, and `leaves` names executions of this group that give their slots back with it.
CREATE OR REPLACE FUNCTION commit_3(
  p_worker int, x_ids uuid[], x_workspaces uuid[], x_leases bigint[],
  j_x int[], j_positions int[], j_kinds text[], j_nodes text[], j_scopes text[], j_statuses text[], j_ports text[],
  j_attempts int[], j_outputs text[], j_details text[], j_ats timestamptz[],
  e_x int[], e_statuses text[], e_outputs text[], e_errors text[], e_events uuid[],
  s_x int[], s_ids uuid[], k_x int[], k_dues timestamptz[], t_x int[],
  u_x int[], u_positions int[], u_meters text[], u_units bigint[], p_family text
) RETURNS TABLE (execution_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
DECLARE
  v_lost boolean := false;
  v_family jsonb := p_family::jsonb;
BEGIN
  FOR execution_id, verdict IN
    SELECT c.execution_id, c.verdict
      FROM commit_2(p_worker, x_ids, x_workspaces, x_leases, j_x, j_positions, j_kinds, j_nodes, j_scopes, j_statuses,
             j_ports, j_attempts, j_outputs, j_details, j_ats, e_x, e_statuses, e_outputs, e_errors, e_events, s_x, s_ids,
             k_x, k_dues, t_x, u_x, u_positions, u_meters, u_units) AS c
  LOOP
    v_lost := v_lost OR verdict = 'lost';
    RETURN NEXT;
  END LOOP;
  IF v_lost THEN
    RETURN;
  END IF;
  PERFORM family_1(v_family);
  IF v_family ? 'leaves' THEN
    PERFORM leave_gates_1(ARRAY(SELECT jsonb_array_elements_text(v_family -> 'leaves')::uuid));
  END IF;
END
$$;

-- Whether it is this caller's turn to sweep. One row.
CREATE FUNCTION begin_sweep_1() RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE gate_sweeps g SET swept_at = clock_timestamp() WHERE g.swept_at < clock_timestamp() - interval '900 milliseconds';
  RETURN FOUND;
END
$$;

-- The next gates at which somebody waits, after one of them, at most `p_most`: each is found by one look into the key.
CREATE FUNCTION lines_1(p_workspace uuid, p_gate text, p_most int) RETURNS TABLE (workspace_id uuid, gate text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := p_workspace;
  v_gate text := p_gate;
BEGIN
  FOR n IN 1..p_most LOOP
    SELECT g.workspace_id, g.gate INTO v_workspace, v_gate FROM gated g
     WHERE (g.workspace_id, g.gate) > (v_workspace, v_gate) ORDER BY g.workspace_id, g.gate LIMIT 1;
    EXIT WHEN NOT FOUND;
    workspace_id := v_workspace;
    gate := v_gate;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Takes the slots of executions that have ended, or that have neither lease nor token, back: what was left behind in a
-- workspace, under its lock. Answers how many. It reads the queue once, and only if somebody has had a slot for long and has
-- no lease. Uses the keys of leases and executions.
CREATE FUNCTION clear_gates_1(p_workspace uuid) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_idle uuid[] := ARRAY(
    SELECT DISTINCT s.execution_id FROM slots s
     WHERE s.workspace_id = p_workspace AND s.created_at < clock_timestamp() - interval '5 seconds'
       AND (SELECT true FROM leases l WHERE l.execution_id = s.execution_id LIMIT 1) IS NULL);
  v_cleared int;
BEGIN
  IF cardinality(v_idle) = 0 THEN
    RETURN 0;
  END IF;
  -- One statement, so that nobody is seen on the way from a token to a lease.
  DELETE FROM slots s
   WHERE s.execution_id = ANY (v_idle)
     AND ((SELECT e.ended_at IS NOT NULL FROM executions e WHERE e.execution_id = s.execution_id LIMIT 1)
          OR (s.execution_id <> ALL (ARRAY(SELECT q.execution_id FROM queue q WHERE q.execution_id = ANY (v_idle)))
              AND (SELECT true FROM leases l WHERE l.execution_id = s.execution_id LIMIT 1) IS NULL));
  GET DIAGNOSTICS v_cleared = ROW_COUNT;
  RETURN v_cleared;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION lock_gates_1(int, uuid), pass_gates_1(uuid, jsonb), leave_gates_1(uuid[]), begin_sweep_1(),
  lines_1(uuid, text, int), clear_gates_1(uuid) TO capstan_worker;
