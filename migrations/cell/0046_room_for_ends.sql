-- Less for each execution: its end finds room on its page, and its first lease expects no other.

-- As before, and with room for the ends of all executions of a page, since they come together: with less room two thirds of
-- the ends went to other pages, with an entry in each index. The pages are not more for it.
CREATE OR REPLACE FUNCTION leave_room_1(p_table text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I SET (fillfactor = 40)', p_table);
END
$$;

DO $$
BEGIN
  PERFORM leave_room_1(i.inhrelid::regclass::text) FROM pg_inherits i WHERE i.inhparent = 'executions'::regclass;
END
$$;

-- As before, but that leases of what begins are inserted as such first.
CREATE OR REPLACE FUNCTION claim_2(p_worker int, p_room int, p_bound bigint, p_suspect boolean)
RETURNS TABLE (
  execution_id uuid, workspace_id uuid, lease_no bigint, losses smallint, held_by int, fresh boolean, vt bigint,
  version_id uuid, trigger_node_id text, input text, created_at timestamptz, deadline_at timestamptz,
  incident boolean, claimed_at timestamptz
)
LANGUAGE plpgsql ROWS 100
AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
  v_workspaces uuid[];
  v_fresh boolean[];
  v_losses smallint[];
  v_vts bigint[];
  v_turns boolean[];
  v_suspect tid[] := '{}';
  v_suspected uuid[];
  v_leases bigint[];
  v_holders int[];
  v_ended uuid[];
  v_now timestamptz;
  v_live int;
  v_is_new boolean;
BEGIN
  -- guard_1, in place: a call costs as much as what it does.
  PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);
  PERFORM FROM workers w WHERE w.worker_no = p_worker AND NOT w.fenced;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';
  END IF;
  IF p_suspect THEN
    v_suspect := ARRAY(
      SELECT q.ctid FROM queue q WHERE q.losses >= 2 ORDER BY q.vt LIMIT 1 FOR UPDATE SKIP LOCKED);
  END IF;
  WITH picked AS MATERIALIZED (
    SELECT q.ctid AS tid FROM queue q
     WHERE q.vt >= p_bound AND q.losses < 2
     ORDER BY q.vt LIMIT p_room FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM queue q WHERE q.ctid = ANY (ARRAY(SELECT p.tid FROM picked p) || v_suspect)
    RETURNING q.execution_id, q.workspace_id, q.fresh, q.losses, q.vt
  ), merged AS (
    SELECT t.execution_id, t.workspace_id, bool_and(t.fresh) AS fresh, max(t.losses) AS losses, min(t.vt) AS vt,
           bool_or(t.losses = -1) AS turn
      FROM taken t GROUP BY t.execution_id, t.workspace_id ORDER BY t.execution_id
  )
  SELECT array_agg(m.execution_id), array_agg(m.workspace_id), array_agg(m.fresh), array_agg(m.losses), array_agg(m.vt),
         array_agg(m.turn)
    INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns FROM merged m;
  IF true = ANY (v_turns) THEN
    SELECT array_agg(t.execution_id ORDER BY t.execution_id), array_agg(t.workspace_id ORDER BY t.execution_id),
           array_agg(t.fresh ORDER BY t.execution_id), array_agg(t.losses ORDER BY t.execution_id),
           array_agg(t.vt ORDER BY t.execution_id)
      INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
      FROM take_turns_1(v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns) AS t;
  END IF;
  IF false = ANY (v_fresh) OR true = ANY (v_turns) THEN
    v_suspected := ARRAY(SELECT q.execution_id FROM queue q WHERE q.losses >= 2 AND q.execution_id = ANY (v_ids));
    IF cardinality(v_suspected) > 0 THEN
      SELECT array_agg(t.id ORDER BY t.id), array_agg(t.workspace_id ORDER BY t.id), array_agg(t.fresh ORDER BY t.id),
             array_agg(t.losses ORDER BY t.id), array_agg(t.vt ORDER BY t.id)
        INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
        FROM unnest(v_ids, v_workspaces, v_fresh, v_losses, v_vts) AS t (id, workspace_id, fresh, losses, vt)
       WHERE t.id <> ALL (v_suspected);
    END IF;
  END IF;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  -- What begins is hardly ever leased yet, and a lease that expects no other costs a third less.
  v_is_new := true = ALL (v_fresh);
  IF v_is_new THEN
    BEGIN
      WITH leased AS (
        INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
        SELECT v_ids[n], v_workspaces[n], p_worker, nextval('lease_numbers'), v_losses[n]
          FROM generate_series(1, cardinality(v_ids)) AS n
        RETURNING l.execution_id, l.lease_no, l.losses, l.claimed_at
      ), sorted AS (
        SELECT * FROM leased ORDER BY leased.execution_id
      )
      SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(NULL::int), max(s.claimed_at)
        INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
    EXCEPTION WHEN unique_violation THEN
      v_is_new := false;
    END;
  END IF;
  IF NOT v_is_new THEN
    WITH leased AS (
      INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
      SELECT v_ids[n], v_workspaces[n], p_worker, nextval('lease_numbers'), v_losses[n]
        FROM generate_series(1, cardinality(v_ids)) AS n
      ON CONFLICT (execution_id) DO UPDATE SET woken = true, losses = greatest(l.losses, excluded.losses)
      RETURNING l.execution_id, l.worker_no, l.lease_no, l.losses, l.woken, l.claimed_at
    ), sorted AS (
      SELECT * FROM leased ORDER BY leased.execution_id
    )
    SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(CASE WHEN s.woken THEN s.worker_no END),
           max(s.claimed_at)
      INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
  END IF;
  IF false = ANY (v_fresh) THEN
    -- Only of executions whose lease is had: nobody else can have their rows locked.
    UPDATE executions e SET begun = true
     WHERE e.execution_id = ANY (ARRAY(
             SELECT v_ids[n] FROM generate_series(1, cardinality(v_ids)) AS n
              WHERE NOT v_fresh[n] AND v_holders[n] IS NULL))
       AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
       AND NOT e.begun AND e.ended_at IS NULL
       AND (SELECT true FROM journal j
             WHERE j.execution_id = e.execution_id
               AND j.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) IS NULL;
  END IF;
  -- Only a statement after the one that waited for the leases sees what their last holders committed. No join: it could
  -- be planned, on tables that look empty, as a scan from the oldest execution to the newest.
  RETURN QUERY
  SELECT e.execution_id, e.workspace_id, v_leases[e.n], v_losses[e.n], v_holders[e.n], v_fresh[e.n] AND NOT e.begun,
         v_vts[e.n], e.version_id, e.trigger_node_id, e.input::text, e.created_at, e.deadline_at,
         e.status = 'incident', v_now
    FROM (SELECT x.execution_id, x.workspace_id, x.version_id, x.trigger_node_id, x.input, x.created_at, x.deadline_at,
                 x.status, x.begun, width_bucket(x.execution_id, v_ids) AS n
            FROM executions x
           WHERE x.execution_id = ANY (v_ids) AND x.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
             AND x.ended_at IS NULL
          OFFSET 0) AS e; -- OFFSET 0: the place is found once
  GET DIAGNOSTICS v_live = ROW_COUNT;
  IF v_live < cardinality(v_ids) THEN
    v_ended := ARRAY(
      SELECT t.id FROM unnest(v_ids) AS t (id)
       WHERE (SELECT e.ended_at FROM executions e
               WHERE e.execution_id = t.id
                 AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]) IS NOT NULL);
    DELETE FROM leases l WHERE l.execution_id = ANY (v_ended) AND l.worker_no = p_worker AND NOT l.woken;
    DELETE FROM signals s WHERE s.execution_id = ANY (v_ended);
  END IF;
END
$$;
