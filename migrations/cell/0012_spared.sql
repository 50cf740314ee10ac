-- Losses that count against nobody are kept, too: what was spared often is spared no more.

-- Rows of before were kept because they counted. Some databases have the column from a 0011 that was edited for a day.
ALTER TABLE losses ADD COLUMN IF NOT EXISTS blamed boolean NOT NULL DEFAULT true;
ALTER TABLE losses ALTER COLUMN blamed SET DEFAULT true;
-- Nobody but workers reads them.
REVOKE SELECT ON losses FROM capstan_api;

-- Fences a lost worker and turns its leases into tokens, as reap_2 did. `p_at_work` names executions whose nodes the
-- worker was running when it died. The loss counts against those of them that it held, which may be none, as what it ran
-- may just have ended. Where it is not known what ran (null), it counts against all that was held; and in any case against
-- whatever was spared five times in a week, as it may kill without being seen at work. Where the journal has moved under
-- the lease, the count begins anew. One reaper at a time: a second one answers null. Locks: the worker's number exclusively,
-- which waits for commits in flight (set lock_timeout before), then leases in execution order. Uses the keys of leases,
-- journal and losses.
CREATE FUNCTION reap_3(p_worker int, p_at_work uuid[]) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_name text;
  v_reaped int;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#reaper'), p_worker) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_advisory_xact_lock(worker_lock_1(), p_worker);
  UPDATE workers w SET fenced = true WHERE w.worker_no = p_worker AND NOT w.fenced;
  SELECT w.name INTO v_name FROM workers w WHERE w.worker_no = p_worker;
  PERFORM FROM leases l WHERE l.worker_no = p_worker ORDER BY l.execution_id FOR UPDATE;
  WITH lost AS (
    DELETE FROM leases l WHERE l.worker_no = p_worker
    RETURNING l.execution_id, l.workspace_id, l.lease_no, l.losses, l.claimed_at,
              p_at_work IS NULL OR l.execution_id = ANY (p_at_work)
                OR (SELECT count(*) FROM losses o WHERE o.execution_id = l.execution_id AND NOT o.blamed) >= 5 AS blamed
  ), kept AS (
    INSERT INTO losses (execution_id, lease_no, workspace_id, worker_name, blamed, claimed_at)
    SELECT lost.execution_id, lost.lease_no, lost.workspace_id, coalesce(v_name, ''), lost.blamed, lost.claimed_at
      FROM lost
    ON CONFLICT (execution_id, lease_no) DO NOTHING
  )
  INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
  SELECT (SELECT f.vt FROM queue_front f), lost.execution_id, lost.workspace_id, false,
         -- No EXISTS: it could be planned as a scan of all months.
         CASE WHEN (SELECT true FROM journal j
                     WHERE j.execution_id = lost.execution_id AND j.lease_no = lost.lease_no LIMIT 1)
              THEN 0 ELSE lost.losses END + lost.blamed::int
    FROM lost;
  GET DIAGNOSTICS v_reaped = ROW_COUNT;
  RETURN v_reaped;
END
$$;

-- Workers of builds before keep all losses, too. They cannot tell that nothing ran from that it is not known, and take
-- zero for an answer where somebody else is at it.
CREATE OR REPLACE FUNCTION reap_2(p_worker int, p_at_work uuid[]) RETURNS int
LANGUAGE sql
AS $$ SELECT coalesce(reap_3(p_worker, nullif(p_at_work, '{}')), 0) $$;

CREATE OR REPLACE FUNCTION reap_1(p_worker int) RETURNS int
LANGUAGE sql
AS $$ SELECT coalesce(reap_3(p_worker, NULL), 0) $$;

-- Gives executions back unharmed, as before: no loss is counted, and where the journal has moved under the lease, earlier
-- ones count no more.
CREATE OR REPLACE FUNCTION release_1(p_worker int, p_ids uuid[], p_leases bigint[]) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_released int;
BEGIN
  PERFORM guard_1(p_worker);
  WITH released AS (
    DELETE FROM leases l USING unnest(p_ids, p_leases) AS r (id, lease_no)
     WHERE l.execution_id = r.id AND l.lease_no = r.lease_no AND l.worker_no = p_worker
    RETURNING l.execution_id, l.workspace_id, l.lease_no, l.losses
  )
  INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
  SELECT (SELECT f.vt FROM queue_front f), r.execution_id, r.workspace_id, false,
         CASE WHEN r.losses = 0 THEN 0
              WHEN (SELECT true FROM journal j
                     WHERE j.execution_id = r.execution_id AND j.lease_no = r.lease_no LIMIT 1)
              THEN 0 ELSE r.losses END
    FROM released r;
  GET DIAGNOSTICS v_released = ROW_COUNT;
  RETURN v_released;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION reap_3(int, uuid[]) TO capstan_worker;
