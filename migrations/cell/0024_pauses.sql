-- Pauses of a workflow and of a whole workspace (docs/pauses.md), what explain did not name, executions that go on with
-- another version (docs/migrate.md), and two more bulk verbs.

-- What a person holds up; the nil id stands for all workflows of the workspace. Gone once it is resumed.
CREATE TABLE pauses (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  paused_by text NOT NULL CONSTRAINT pauses_by_length CHECK (length(paused_by) <= 200),
  reason text CONSTRAINT pauses_reason_length CHECK (length(reason) <= 500),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id)
);

-- Executions that could go on and are held up: no lease, no token. They get a token once nothing pauses them. `losses`
-- goes on from before.
CREATE TABLE held (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  losses smallint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id, execution_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- That an execution went on with another version, from a position of its journal on. The journal as a whole is folded by the
-- graph of the version that the execution has now.
CREATE TABLE execution_migrations (
  execution_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  workspace_id uuid NOT NULL,
  from_version_id uuid NOT NULL,
  to_version_id uuid NOT NULL,
  position int NOT NULL,
  migrated_by text NOT NULL CONSTRAINT execution_migrations_by_length CHECK (length(migrated_by) <= 200),
  reason text CONSTRAINT execution_migrations_reason_length CHECK (length(reason) <= 500),
  PRIMARY KEY (execution_id, created_at)
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['pauses', 'held', 'execution_migrations'] LOOP
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
GRANT SELECT, INSERT, DELETE ON pauses TO capstan_api;
-- To answer the pause that is there already.
GRANT UPDATE (paused_by) ON pauses TO capstan_api;
GRANT SELECT ON pauses TO capstan_worker;
GRANT SELECT ON execution_migrations TO capstan_api;
GRANT SELECT, INSERT ON execution_migrations TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON held TO capstan_worker;
-- A row is locked before it is taken.
GRANT UPDATE (losses) ON held TO capstan_worker;

-- As before, but that starts name their `round`, 0 if they do not; that the depth of events goes down with a start and up
-- with an end (0023); and that `holds` names executions of this group that park held up. Locks nothing but the rows that it
-- inserts, and of children that end their own.
CREATE OR REPLACE FUNCTION family_1(p_family jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_front bigint := (SELECT f.vt FROM queue_front f);
  v_child uuid;
BEGIN
  IF p_family ? 'holds' THEN
    INSERT INTO held (workspace_id, workflow_id, execution_id, losses)
    SELECT h.workspace_id, h.workflow_id, h.execution_id, h.losses
      FROM jsonb_to_recordset(p_family -> 'holds') AS h (
             workspace_id uuid, workflow_id uuid, execution_id uuid, losses smallint)
     -- A signal came meanwhile: it goes on under its lease.
     WHERE (SELECT true FROM leases l WHERE l.execution_id = h.execution_id) IS NULL
     ORDER BY h.workspace_id, h.workflow_id, h.execution_id
    ON CONFLICT DO NOTHING;
  END IF;
  IF p_family ? 'starts' THEN
    INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
    SELECT s.child_id, s.workspace_id, s.workflow_id, s.version_id, s.trigger, coalesce(s.input, 'null'),
           clock_timestamp() + s.timeout_ms * interval '1 millisecond'
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, workflow_id uuid, version_id uuid, trigger text, input jsonb,
             timeout_ms bigint);
    INSERT INTO children (child_id, workspace_id, parent_id, node_id, scope, round, root_id, depth, signal, event_depth)
    SELECT s.child_id, s.workspace_id, s.parent_id, s.node_id, s.scope, coalesce(s.round, 0), s.root_id, s.depth, s.signal,
           event_depth_1(s.workspace_id, s.parent_id)
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (
             child_id uuid, workspace_id uuid, parent_id uuid, node_id text, scope text, round int, root_id uuid,
             depth smallint, signal text);
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT greatest(s.vt, v_front), s.child_id, s.workspace_id, true
      FROM jsonb_to_recordset(p_family -> 'starts') AS s (vt bigint, child_id uuid, workspace_id uuid);
  END IF;
  IF p_family ? 'cancels' THEN
    WITH sent AS (
      INSERT INTO signals AS g (execution_id, signal_id, workspace_id, name, payload)
      SELECT c.child_id, c.signal_id, c.workspace_id, '$cancel', c.payload
        FROM jsonb_to_recordset(p_family -> 'cancels') AS c (
               child_id uuid, signal_id uuid, workspace_id uuid, payload jsonb)
       -- No join: it could be planned as a scan from the oldest execution to the newest.
       WHERE (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = c.child_id LIMIT 1)
      RETURNING g.execution_id, g.workspace_id
    )
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT v_front, sent.execution_id, sent.workspace_id, false FROM sent;
  END IF;
  IF p_family ? 'ends' THEN
    FOR v_child IN SELECT d.child_id FROM jsonb_to_recordset(p_family -> 'ends') AS d (child_id uuid) LOOP
      UPDATE children c SET event_depth = event_depth_1(c.workspace_id, c.child_id)
       WHERE c.child_id = v_child AND c.signal IS NOT NULL
         AND c.event_depth < event_depth_1(c.workspace_id, c.child_id);
    END LOOP;
    WITH sent AS (
      INSERT INTO signals AS g (execution_id, signal_id, workspace_id, name, payload)
      SELECT c.parent_id, d.signal_id, c.workspace_id, c.signal,
             jsonb_build_object('execution_id', d.child_id, 'status', e.status, 'error', e.error,
               'output', CASE WHEN e.bytes <= d.output_bytes_max THEN e.output END,
               'left_out', e.bytes > d.output_bytes_max)
        FROM jsonb_to_recordset(p_family -> 'ends') AS d (child_id uuid, signal_id uuid, output_bytes_max int)
       CROSS JOIN LATERAL (
               SELECT x.parent_id, x.workspace_id, x.signal FROM children x WHERE x.child_id = d.child_id LIMIT 1) AS c
       CROSS JOIN LATERAL (
               SELECT x.status, x.error, x.output, coalesce(octet_length(x.output::text), 0) AS bytes
                 FROM executions x WHERE x.execution_id = d.child_id LIMIT 1) AS e
       WHERE c.signal IS NOT NULL
         AND (SELECT p.ended_at IS NULL FROM executions p WHERE p.execution_id = c.parent_id LIMIT 1)
      RETURNING g.execution_id, g.workspace_id
    )
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT v_front, sent.execution_id, sent.workspace_id, false FROM sent;
  END IF;
END
$$;

-- Gives tokens to executions that are held up and that nothing pauses any more, one bite of one workflow. Looks at
-- `p_groups` workflows at most, after `p_workspace` and `p_workflow`; each is found by one look into the key. The tokens are
-- stamped as if the executions had been started one after the other, from `p_vt` on. Answers how many there were, the last
-- stamp, and where to go on; nulls there if no workflow is left. One caller at a time; others are answered zero and nulls.
-- Uses the keys of held and pauses.
CREATE FUNCTION release_held_1(
  p_workspace uuid, p_workflow uuid, p_groups int, p_bite int, p_vt bigint, p_cost bigint,
  OUT released int, OUT vt bigint, OUT workspace_id uuid, OUT workflow_id uuid
)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := p_workspace;
  v_workflow uuid := p_workflow;
  v_last bigint := p_vt;
BEGIN
  released := 0;
  vt := p_vt;
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#held'), 0) THEN
    RETURN;
  END IF;
  workspace_id := p_workspace;
  workflow_id := p_workflow;
  FOR n IN 1..p_groups LOOP
    SELECT h.workspace_id, h.workflow_id INTO v_workspace, v_workflow FROM held h
     WHERE (h.workspace_id, h.workflow_id) > (v_workspace, v_workflow)
     ORDER BY h.workspace_id, h.workflow_id LIMIT 1;
    IF NOT FOUND THEN
      workspace_id := NULL;
      workflow_id := NULL;
      RETURN;
    END IF;
    -- Only those of one workspace stand in line behind each other.
    IF v_workspace <> workspace_id THEN
      workspace_id := v_workspace;
      workflow_id := '00000000-0000-0000-0000-000000000000';
      v_last := 0;
    END IF;
    IF (SELECT true FROM pauses p
         WHERE p.workspace_id = v_workspace AND p.workflow_id IN (v_workflow, '00000000-0000-0000-0000-000000000000')
         LIMIT 1) IS NULL THEN
      WITH picked AS MATERIALIZED (
        SELECT h.ctid AS tid FROM held h
         WHERE h.workspace_id = v_workspace AND h.workflow_id = v_workflow
         ORDER BY h.execution_id LIMIT p_bite FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM held h WHERE h.ctid = ANY (ARRAY(SELECT p.tid FROM picked p))
        RETURNING h.execution_id, h.losses
      ), stamped AS (
        INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
        SELECT greatest((SELECT f.vt FROM queue_front f), v_last)
                 + row_number() OVER (ORDER BY g.execution_id) * p_cost,
               g.execution_id, v_workspace, false, g.losses
          FROM gone g
        RETURNING queue.vt
      )
      SELECT count(*), coalesce(max(s.vt), v_last) INTO released, vt FROM stamped s;
      IF released > 0 THEN
        -- The same workflow again: it may have more.
        RETURN;
      END IF;
    END IF;
    workflow_id := v_workflow;
    vt := v_last;
  END LOOP;
END
$$;

-- Workers lost in a row by an execution of the workspace of this transaction that waits to be run alone; null if it does
-- not. Few such tokens exist. Uses queue_suspects.
CREATE FUNCTION apart_1(p_execution uuid) RETURNS int
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
  SELECT max(q.losses)::int FROM queue q
   WHERE q.losses >= 2 AND q.execution_id = p_execution
     AND q.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
$$;

-- An execution of the workspace of this transaction goes on with another version of its workflow, if it still has version
-- `p_from` and `p_position` entries in its journal, has not ended, and nobody holds its lease. The lease is had for the length
-- of the transaction: a claim that comes meanwhile waits for it, and reads the version afterwards; one that came before makes
-- this answer `running`. Answers `migrated`, `running`, `changed`, or null if there is no such execution or version. Of several,
-- the lower id first, as claims do. Locks: the key of the lease, then the row of the execution.
CREATE FUNCTION migrate_1(p_execution uuid, p_from uuid, p_to uuid, p_position int, p_by text, p_reason text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  v_migrated boolean;
BEGIN
  IF (SELECT true FROM executions e
       WHERE e.execution_id = p_execution AND e.workspace_id = v_workspace
         AND (SELECT v.workflow_id FROM workflow_versions v
               WHERE v.workspace_id = v_workspace AND v.version_id = p_to) = e.workflow_id) IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO leases (execution_id, workspace_id, worker_no, lease_no, losses)
  VALUES (p_execution, v_workspace, 0, 0, 0) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN 'running';
  END IF;
  -- Only a later statement sees what the last holder of the lease committed.
  UPDATE executions e SET version_id = p_to
   WHERE e.execution_id = p_execution AND e.version_id = p_from AND e.ended_at IS NULL
     AND coalesce((SELECT j.position FROM journal j WHERE j.execution_id = p_execution
                    ORDER BY j.position DESC LIMIT 1), 0) = p_position;
  v_migrated := FOUND;
  IF v_migrated THEN
    INSERT INTO execution_migrations
      (execution_id, workspace_id, from_version_id, to_version_id, position, migrated_by, reason)
    VALUES (p_execution, v_workspace, p_from, p_to, p_position, p_by, p_reason);
    -- What the old version had to pass may not be what the new one has: it comes to its gates anew.
    DELETE FROM slots s WHERE s.execution_id = p_execution;
    WITH left_line AS (DELETE FROM gated g WHERE g.execution_id = p_execution RETURNING g.execution_id)
    INSERT INTO queue (vt, execution_id, workspace_id, fresh)
    SELECT (SELECT f.vt FROM queue_front f), l.execution_id, v_workspace, false FROM left_line l;
  END IF;
  DELETE FROM leases l WHERE l.execution_id = p_execution AND l.lease_no = 0;
  RETURN CASE WHEN v_migrated THEN 'migrated' ELSE 'changed' END;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION apart_1(uuid) OWNER TO capstan_worker;
  ALTER FUNCTION migrate_1(uuid, uuid, uuid, int, text, text) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION apart_1(uuid), migrate_1(uuid, uuid, uuid, int, text, text) TO capstan_api;
GRANT EXECUTE ON FUNCTION release_held_1(uuid, uuid, int, int, bigint, bigint) TO capstan_worker;

ALTER TABLE bulk_jobs DROP CONSTRAINT bulk_jobs_verb;
ALTER TABLE bulk_jobs ADD CONSTRAINT bulk_jobs_verb
  CHECK (verb IN ('cancel', 'restart', 'signal', 'retry_now', 'pause', 'resume', 'resolve', 'migrate'));
