-- Trials: drafts, and single steps of them, that were executed for real. Their graphs are kept apart from the versions of a
-- workflow, so that whatever looks for a version, a form or a hook never finds one (docs/decisions/0028).

-- An execution is a trial if its version is listed here. The same graph is one row however often it is tried out. `graph`
-- is null once it is no longer kept; the row stays as long as executions of its time do, as the mark that they were trials.
-- `used_at` is when an execution of it was last started, to a minute.
CREATE TABLE trial_versions (
  workspace_id uuid NOT NULL,
  version_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  digest bytea NOT NULL,
  graph jsonb,
  semantics int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, version_id),
  FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows
);
CREATE UNIQUE INDEX trial_versions_digest ON trial_versions (workspace_id, workflow_id, digest) WHERE graph IS NOT NULL;
CREATE INDEX trial_versions_used_at ON trial_versions (used_at);

ALTER TABLE trial_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE trial_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY trial_versions_tenant ON trial_versions TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY trial_versions_worker ON trial_versions TO capstan_worker USING (true) WITH CHECK (true);

-- Clears graphs that were last used before `p_before`, and removes what was cleared and whose workspace has no execution
-- of that time any more. At most `p_bite` rows each; answers how many. Walks the index on `used_at`, then that of the
-- executions of a workspace, of which it looks at one.
CREATE FUNCTION tidy_trials_1(p_before timestamptz, p_bite int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_cleared int;
  v_removed int;
BEGIN
  UPDATE trial_versions t SET graph = NULL
   WHERE t.graph IS NOT NULL AND t.used_at < p_before AND t.version_id = ANY (ARRAY(
     SELECT o.version_id FROM trial_versions o
      WHERE o.graph IS NOT NULL AND o.used_at < p_before ORDER BY o.used_at LIMIT p_bite FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_cleared = ROW_COUNT;
  DELETE FROM trial_versions t
   WHERE t.graph IS NULL AND t.version_id = ANY (ARRAY(
     SELECT o.version_id FROM trial_versions o
      WHERE o.graph IS NULL AND o.used_at < p_before
        AND NOT EXISTS (SELECT FROM executions e
                         WHERE e.workspace_id = o.workspace_id
                           AND e.execution_id >= uuid_floor_1(o.created_at - interval '1 hour')
                           AND e.execution_id < uuid_floor_1(o.used_at + interval '1 hour'))
      ORDER BY o.used_at LIMIT p_bite FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_removed = ROW_COUNT;
  RETURN v_cleared + v_removed;
END
$$;

-- Gives an event to waits of a workspace that are open, in the order of `p_waits`, which is ascending: the row and its
-- signal, whose id is that of the wait. `p_signals` are their names. Answers what became of each wait: `matched`,
-- `closed` (it was not open, or its execution has ended) or `full` (too many signals wait for the execution; it stays
-- open). An open wait has got no signal so far, under its lock, so that nothing has to be looked for in the journal.
-- Locks: the waits in the order of their ids, by their key. Uses the keys of executions and signals.
CREATE FUNCTION match_event_2(
  p_workspace uuid, p_event text, p_depth int, p_waits uuid[], p_signals text[], p_pending_max int
) RETURNS TABLE (wait_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_execution uuid;
  v_ended boolean;
  v_waiting bigint;
  v_of_name bigint;
  v_event jsonb := p_event::jsonb;
BEGIN
  FOR n IN 1 .. cardinality(p_waits) LOOP
    SELECT w.execution_id INTO v_execution FROM event_waits w
     WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n] AND w.status = 'open' FOR UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    SELECT e.ended_at IS NOT NULL INTO v_ended
      FROM executions e WHERE e.execution_id = v_execution AND e.workspace_id = p_workspace;
    IF v_ended IS NOT FALSE THEN
      UPDATE event_waits w SET status = 'cancelled', closed_at = clock_timestamp()
       WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    SELECT count(*), count(*) FILTER (WHERE s.name = p_signals[n]) INTO v_waiting, v_of_name
      FROM signals s WHERE s.execution_id = v_execution AND s.workspace_id = p_workspace;
    IF v_of_name >= p_pending_max OR v_waiting >= 2 * p_pending_max THEN
      RETURN QUERY SELECT p_waits[n], 'full';
      CONTINUE;
    END IF;
    INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
    VALUES (v_execution, p_waits[n], p_workspace, p_signals[n], v_event);
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT f.vt, v_execution, p_workspace, false FROM queue_front f;
    UPDATE event_waits w
       SET status = 'matched', event = v_event, depth = p_depth, signalled = true, closed_at = clock_timestamp()
     WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
    RETURN QUERY SELECT p_waits[n], 'matched';
  END LOOP;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;

-- The API makes them; workers read them, and let them go.
GRANT SELECT, INSERT ON trial_versions TO capstan_api;
GRANT UPDATE (used_at) ON trial_versions TO capstan_api;
GRANT SELECT, DELETE ON trial_versions TO capstan_worker;
GRANT UPDATE (graph) ON trial_versions TO capstan_worker;
GRANT EXECUTE ON FUNCTION tidy_trials_1(timestamptz, int) TO capstan_worker;
GRANT EXECUTE ON FUNCTION match_event_2(uuid, text, int, uuid[], text[], int) TO capstan_worker;
-- A step that a person has told to wait for something else waits under another id.
GRANT UPDATE (wait_id, type, key, condition, since_at, until_at) ON event_waits TO capstan_worker;
