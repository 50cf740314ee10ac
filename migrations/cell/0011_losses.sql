-- Lost workers are counted against those executions that are known to have been at work, where that is known, and each
-- loss is kept, so that a person can be told of it.

-- One row for each loss that counts against an execution; removed after a week.
CREATE TABLE losses (
  execution_id uuid NOT NULL,
  lease_no bigint NOT NULL,
  workspace_id uuid NOT NULL,
  worker_name text NOT NULL,
  claimed_at timestamptz NOT NULL,
  lost_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, lease_no)
);
CREATE INDEX losses_lost_at ON losses (lost_at);

ALTER TABLE losses ENABLE ROW LEVEL SECURITY;
ALTER TABLE losses FORCE ROW LEVEL SECURITY;
CREATE POLICY losses_tenant ON losses TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY losses_worker ON losses TO capstan_worker USING (true) WITH CHECK (true);
GRANT SELECT ON losses TO capstan_api;
GRANT SELECT, INSERT, DELETE ON losses TO capstan_worker;

-- Fences a lost worker and turns its leases into tokens, as reap_1 did. `p_at_work` names executions whose nodes the
-- worker was running when it died; the loss counts against those of them that it held, or, where that is none, against
-- all that it held. Where the journal has moved under the lease, the count begins anew. One reaper at a time: a second
-- one answers zero. Locks: the worker's number exclusively, which waits for commits in flight (set lock_timeout before),
-- then leases in execution order. Uses the keys of leases and journal.
CREATE FUNCTION reap_2(p_worker int, p_at_work uuid[]) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_name text;
  v_blamed uuid[];
  v_reaped int;
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtext(current_schema() || '#reaper'), p_worker) THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock(worker_lock_1(), p_worker);
  UPDATE workers w SET fenced = true WHERE w.worker_no = p_worker AND NOT w.fenced;
  SELECT w.name INTO v_name FROM workers w WHERE w.worker_no = p_worker;
  PERFORM FROM leases l WHERE l.worker_no = p_worker ORDER BY l.execution_id FOR UPDATE;
  v_blamed := ARRAY(SELECT l.execution_id FROM leases l WHERE l.execution_id = ANY (p_at_work) AND l.worker_no = p_worker);
  WITH lost AS (
    DELETE FROM leases l WHERE l.worker_no = p_worker
    RETURNING l.execution_id, l.workspace_id, l.lease_no, l.losses, l.claimed_at,
              cardinality(v_blamed) = 0 OR l.execution_id = ANY (v_blamed) AS blamed
  ), kept AS (
    INSERT INTO losses (execution_id, lease_no, workspace_id, worker_name, claimed_at)
    SELECT lost.execution_id, lost.lease_no, lost.workspace_id, coalesce(v_name, ''), lost.claimed_at
      FROM lost WHERE lost.blamed
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

-- A worker of the build before keeps the losses, too.
CREATE OR REPLACE FUNCTION reap_1(p_worker int) RETURNS int
LANGUAGE sql
AS $$ SELECT reap_2(p_worker, '{}') $$;

-- As before, and losses that were counted before `p_outbox_before`.
CREATE OR REPLACE FUNCTION tidy_1(p_keys_before timestamptz, p_outbox_before timestamptz, p_bite int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_rows int;
  v_total int := 0;
BEGIN
  DELETE FROM idempotency_keys k WHERE (k.workspace_id, k.key_hash) IN (
    SELECT i.workspace_id, i.key_hash FROM idempotency_keys i
     WHERE i.created_at < p_keys_before ORDER BY i.created_at LIMIT p_bite);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_total := v_total + v_rows;
  DELETE FROM outbox o WHERE o.event_id IN (
    SELECT x.event_id FROM outbox x WHERE x.event_id < uuid_floor_1(p_outbox_before) ORDER BY x.event_id LIMIT p_bite);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_total := v_total + v_rows;
  DELETE FROM losses o WHERE (o.execution_id, o.lease_no) IN (
    SELECT x.execution_id, x.lease_no FROM losses x WHERE x.lost_at < p_outbox_before ORDER BY x.lost_at LIMIT p_bite);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_total := v_total + v_rows;
  DELETE FROM workers w WHERE w.fenced AND w.heartbeat_at < clock_timestamp() - interval '1 day'
    AND NOT EXISTS (SELECT FROM leases l WHERE l.worker_no = w.worker_no);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  RETURN v_total + v_rows;
END
$$;

DO $$
BEGIN
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
GRANT EXECUTE ON FUNCTION reap_2(int, uuid[]) TO capstan_worker;
