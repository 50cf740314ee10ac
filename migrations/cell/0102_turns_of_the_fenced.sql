SET LOCAL lock_timeout = '200ms';
-- An endpoint need not wait for the end of the lease of a worker that was given up. What such a worker had begun may still be
-- under way for a while, unless its process is known to be dead.

-- Since when a worker is fenced, by whoever fenced it; absent where a process of the release before did. `dead`: its process
-- is gone, and nothing that it began is under way.
ALTER TABLE workers ADD COLUMN fenced_at timestamptz;
ALTER TABLE workers ADD COLUMN dead boolean NOT NULL DEFAULT false CONSTRAINT workers_dead CHECK (fenced OR NOT dead);

-- Who took the lease last; absent where a process of the release before did.
ALTER TABLE webhook_lanes ADD COLUMN worker_no int;

-- Takes leases of lanes that are due, as claim_lanes_1 did, and also those of workers that were fenced: at once where the
-- process is dead, and else `p_attempt_ms` after that, when what it began is over. Only workers that begin no attempt once
-- their last beat is too old may take leases under a number. Skips what others lock. Uses webhook_lanes_due and
-- webhook_lanes_ailing, and reads all workers, which are those of a day.
CREATE FUNCTION claim_lanes_2(
  p_ailing boolean, p_limit int, p_lease_ms bigint, p_workspaces uuid[], p_taken int[], p_share int,
  p_worker int, p_attempt_ms bigint
) RETURNS TABLE (
  workspace_id uuid, endpoint_id uuid, lease_no bigint, failures int, failing_since timestamptz, warned boolean
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_full uuid[] := ARRAY(
    SELECT t.workspace_id FROM unnest(p_workspaces, p_taken) AS t (workspace_id, taken) WHERE t.taken >= p_share);
  -- No lease is longer than an hour.
  v_fenced int[] := ARRAY(
    SELECT w.worker_no FROM workers w
     WHERE w.fenced AND w.fenced_at > statement_timestamp() - interval '1 hour'
       AND (w.dead OR w.fenced_at <= statement_timestamp() - p_attempt_ms * interval '1 millisecond'));
  v_lanes tid[];
BEGIN
  IF p_ailing THEN
    v_lanes := ARRAY(
      WITH due AS MATERIALIZED (
        SELECT l.ctid AS lane, l.workspace_id, l.due_at FROM webhook_lanes l
         WHERE l.failures > 0 AND l.due_at < 'infinity' AND l.due_at <= statement_timestamp()
           AND (l.leased_until <= statement_timestamp() OR l.worker_no = ANY (v_fenced))
           AND l.workspace_id <> ALL (v_full)
         ORDER BY l.due_at LIMIT p_limit * 2 FOR UPDATE SKIP LOCKED
      ), placed AS (
        SELECT d.lane, d.due_at, coalesce(t.taken, 0)
               + row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.due_at) AS place
          FROM due d LEFT JOIN unnest(p_workspaces, p_taken) AS t (workspace_id, taken) ON t.workspace_id = d.workspace_id
      )
      SELECT p.lane FROM placed p WHERE p.place <= p_share ORDER BY p.due_at LIMIT p_limit);
  ELSE
    v_lanes := ARRAY(
      WITH due AS MATERIALIZED (
        SELECT l.ctid AS lane, l.workspace_id, l.due_at FROM webhook_lanes l
         WHERE l.failures = 0 AND l.due_at < 'infinity' AND l.due_at <= statement_timestamp()
           AND (l.leased_until <= statement_timestamp() OR l.worker_no = ANY (v_fenced))
           AND l.workspace_id <> ALL (v_full)
         ORDER BY l.due_at LIMIT p_limit * 2 FOR UPDATE SKIP LOCKED
      ), placed AS (
        SELECT d.lane, d.due_at, coalesce(t.taken, 0)
               + row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.due_at) AS place
          FROM due d LEFT JOIN unnest(p_workspaces, p_taken) AS t (workspace_id, taken) ON t.workspace_id = d.workspace_id
      )
      SELECT p.lane FROM placed p WHERE p.place <= p_share ORDER BY p.due_at LIMIT p_limit);
  END IF;
  RETURN QUERY
  UPDATE webhook_lanes l
     SET lease_no = l.lease_no + 1, leased_until = clock_timestamp() + p_lease_ms * interval '1 millisecond',
         worker_no = p_worker
   WHERE l.ctid = ANY (v_lanes)
  RETURNING l.workspace_id, l.endpoint_id, l.lease_no, l.failures, l.failing_since, l.warned;
END
$$;

-- Processes of the release before take leases under no number, which last to their end, and wait for those of others.
CREATE OR REPLACE FUNCTION claim_lanes_1(
  p_ailing boolean, p_limit int, p_lease_ms bigint, p_workspaces uuid[], p_taken int[], p_share int
) RETURNS TABLE (
  workspace_id uuid, endpoint_id uuid, lease_no bigint, failures int, failing_since timestamptz, warned boolean
)
LANGUAGE sql
AS $$
  SELECT c.workspace_id, c.endpoint_id, c.lease_no, c.failures, c.failing_since, c.warned
    FROM claim_lanes_2(p_ailing, p_limit, p_lease_ms, p_workspaces, p_taken, p_share, NULL, p_lease_ms) AS c
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION claim_lanes_2(boolean, int, bigint, uuid[], int[], int, int, bigint) TO capstan_worker;
