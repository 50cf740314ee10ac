-- What a cell knows of the life of its workspaces, copied from `control` move by move: one that is not active is held up as a
-- whole, and its schedules are parked.

-- No row: it has always been active.
CREATE TABLE standings (
  workspace_id uuid PRIMARY KEY,
  state text NOT NULL
    CONSTRAINT standings_state CHECK (state IN ('draft', 'provisioning', 'active', 'suspended', 'archived')),
  reason text CONSTRAINT standings_reason_length CHECK (length(reason) <= 500),
  revision bigint NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX standings_closed ON standings (workspace_id) WHERE state <> 'active';

-- The next fire time that a schedule would have if its workspace were active. From there its rule for catching up goes on.
ALTER TABLE schedules ADD COLUMN parked_at timestamptz;

ALTER TABLE standings ENABLE ROW LEVEL SECURITY;
ALTER TABLE standings FORCE ROW LEVEL SECURITY;
CREATE POLICY standings_tenant ON standings FOR SELECT TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY standings_worker ON standings TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT ON standings TO capstan_api;
GRANT SELECT, INSERT, UPDATE ON standings TO capstan_worker;
GRANT UPDATE (parked_at) ON schedules TO capstan_worker;

-- The workspace of this transaction has another state, as its move of that number in `control` says. False, and nothing is
-- done, if the cell knows this move or a later one. Writes the event, if it has a type, and parks or frees schedules.
-- Locks: the row of the standing, then schedules by their key (schedules_node_key).
CREATE FUNCTION set_standing_1(
  p_revision bigint, p_state text, p_reason text, p_event_type text, p_payload jsonb
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
BEGIN
  INSERT INTO standings AS s (workspace_id, state, reason, revision) VALUES (v_workspace, p_state, p_reason, p_revision)
  ON CONFLICT (workspace_id) DO UPDATE
     SET state = excluded.state, reason = excluded.reason, revision = excluded.revision, changed_at = clock_timestamp()
   WHERE s.revision < excluded.revision;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_event_type IS NOT NULL THEN
    INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
    VALUES (event_id_1(clock_timestamp()), v_workspace, p_event_type, v_workspace, p_payload);
  END IF;
  IF p_state = 'active' THEN
    UPDATE schedules SET next_at = parked_at, parked_at = NULL
     WHERE workspace_id = v_workspace AND parked_at IS NOT NULL AND paused_at IS NULL;
  ELSE
    UPDATE schedules SET parked_at = next_at, next_at = NULL
     WHERE workspace_id = v_workspace AND next_at IS NOT NULL;
  END IF;
  RETURN true;
END
$$;

-- As before (0027), but that what belongs to a workspace which is not active stays held up.
CREATE OR REPLACE FUNCTION release_held_2(
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
  v_ids uuid[];
  v_losses smallint[];
  v_throttles jsonb[];
  v_dues timestamptz[];
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
         LIMIT 1) IS NULL
       AND (SELECT true FROM standings s WHERE s.workspace_id = v_workspace AND s.state <> 'active' LIMIT 1) IS NULL THEN
      WITH picked AS MATERIALIZED (
        SELECT h.ctid AS tid FROM held h
         WHERE h.workspace_id = v_workspace AND h.workflow_id = v_workflow
         ORDER BY h.execution_id LIMIT p_bite FOR UPDATE SKIP LOCKED
      ), gone AS (
        DELETE FROM held h WHERE h.ctid = ANY (ARRAY(SELECT p.tid FROM picked p))
        RETURNING h.execution_id, h.losses, h.throttle
      )
      SELECT array_agg(g.execution_id ORDER BY g.execution_id), array_agg(g.losses ORDER BY g.execution_id),
             array_agg(g.throttle ORDER BY g.execution_id), count(*)
        INTO v_ids, v_losses, v_throttles, released FROM gone g;
      v_dues := slots_1(v_workspace, v_workflow, v_throttles);
      INSERT INTO timers AS t (execution_id, workspace_id, due_at)
      SELECT v_ids[n], v_workspace, v_dues[n] FROM generate_series(1, cardinality(v_ids)) AS n
       WHERE v_dues[n] IS NOT NULL
      ON CONFLICT (execution_id) DO UPDATE SET due_at = excluded.due_at;
      WITH stamped AS (
        INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
        SELECT greatest((SELECT f.vt FROM queue_front f), v_last) + row_number() OVER (ORDER BY n) * p_cost,
               v_ids[n], v_workspace, false, v_losses[n]
          FROM generate_series(1, cardinality(v_ids)) AS n WHERE v_dues[n] IS NULL
        RETURNING queue.vt
      )
      SELECT coalesce(max(s.vt), v_last) INTO vt FROM stamped s;
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

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION set_standing_1(bigint, text, text, text, jsonb) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION set_standing_1(bigint, text, text, text, jsonb) TO capstan_api;

-- As before (0039), but that a workspace which is not active counts as a pause. One step more, into standings_closed.
CREATE OR REPLACE FUNCTION agenda_1(
  OUT limits boolean, OUT lines boolean, OUT pauses boolean, OUT held boolean, OUT starts_ms bigint, OUT triggers_ms bigint,
  OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  limits := (SELECT true FROM limits l LIMIT 1) IS NOT NULL;
  lines := (SELECT true FROM gated g LIMIT 1) IS NOT NULL;
  pauses := (SELECT true FROM pauses p LIMIT 1) IS NOT NULL
        OR (SELECT true FROM standings s WHERE s.state <> 'active' LIMIT 1) IS NOT NULL;
  held := (SELECT true FROM held h LIMIT 1) IS NOT NULL;
  starts_ms := ceil(extract(epoch FROM (SELECT min(w.due_at) FROM pending_starts w) - v_now) * 1000);
  triggers_ms := ceil(extract(epoch FROM least(
    (SELECT min(s.next_at) FROM schedules s WHERE s.next_at IS NOT NULL),
    (SELECT min(t.due_at) FROM trigger_starts t WHERE t.status = 'due')) - v_now) * 1000);
  endpoints := (SELECT true FROM webhook_endpoints e WHERE e.status IN ('enabled', 'failing') LIMIT 1) IS NOT NULL;
  lanes := (SELECT true FROM webhook_lanes l WHERE l.failures = 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL
        OR (SELECT true FROM webhook_lanes l WHERE l.failures > 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL;
  events := (SELECT true FROM events v WHERE v.status = 'pending' AND v.due_at <= v_now LIMIT 1) IS NOT NULL;
  jobs := (SELECT true FROM bulk_jobs b WHERE b.status = 'running' LIMIT 1) IS NOT NULL;
END
$$;
