-- Why an execution that could run does not: its place in line, and whether anybody works.

-- How many tokens are claimed before that of `p_execution`, of all workspaces and of the one of this transaction, whose
-- execution it has to be; null if its token is not among the next `p_most` + 1. `is_longer`: there are more than that, and
-- it may be among them. `silent_ms`: since the last beat of a worker that is not fenced; null if there is none.
-- `unseen_ms`: of any worker; null if none beat within a day. Of other workspaces it tells only how many. Locks nothing.
-- Uses queue_vt, from where claims stand, queue_suspects (few) and workers_pkey.
CREATE FUNCTION line_1(p_execution uuid, p_most int)
RETURNS TABLE (ahead int, ahead_of_workspace int, is_longer boolean, silent_ms bigint, unseen_ms bigint)
LANGUAGE plpgsql ROWS 1 SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
  v_front bigint := (SELECT f.vt FROM queue_front f);
BEGIN
  SELECT (extract(epoch FROM clock_timestamp() - max(w.heartbeat_at) FILTER (WHERE NOT w.fenced)) * 1000)::bigint,
         (extract(epoch FROM clock_timestamp() - max(w.heartbeat_at)) * 1000)::bigint
    INTO silent_ms, unseen_ms
    FROM (SELECT w.heartbeat_at, w.fenced FROM workers w ORDER BY w.worker_no DESC LIMIT 10000) AS w;

  WITH next AS MATERIALIZED (
    SELECT q.execution_id, q.workspace_id = v_workspace AS own, row_number() OVER (ORDER BY q.vt) AS n
      FROM (SELECT q.vt, q.execution_id, q.workspace_id FROM queue q
             WHERE q.vt >= v_front AND q.losses < 2 ORDER BY q.vt LIMIT p_most + 1) AS q
  ), place AS (
    SELECT min(t.n) AS n FROM next t WHERE t.own AND t.execution_id = p_execution
  )
  SELECT (p.n - 1)::int, (SELECT count(*) FROM next t WHERE t.own AND t.n < p.n)::int,
         (SELECT count(*) FROM next t) > p_most
    INTO ahead, ahead_of_workspace, is_longer FROM place p;

  IF ahead IS NULL THEN
    ahead_of_workspace := NULL;
    -- One that lost two workers is claimed alone, out of line.
    is_longer := is_longer
      AND NOT EXISTS (SELECT FROM queue q WHERE q.losses >= 2 AND q.execution_id = p_execution);
  END IF;
  RETURN NEXT;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION line_1(uuid, int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION line_1(uuid, int) TO capstan_api;
