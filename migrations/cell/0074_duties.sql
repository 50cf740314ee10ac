-- Duties of upkeep: which there are, who is at each, until when it is theirs, and what came of it last.

-- A worker takes a duty that is due by a lease; while it goes on with it, the lease is put off again and again. The lease of one
-- that died runs out, and another worker takes the duty. `take_no` tells takes apart: who was overtaken notes nothing.
CREATE TABLE duties (
  name text PRIMARY KEY CONSTRAINT duties_name_form CHECK (name ~ '^[a-z][a-z_]{0,49}$'),
  holder text NOT NULL,
  take_no bigint NOT NULL,
  -- Null while nobody is at it.
  leased_until timestamptz,
  last_begun_at timestamptz NOT NULL,
  last_ended_at timestamptz,
  -- Whether the last one that ended did what it should, and what it says of it. Null before the first has ended.
  is_done boolean,
  outcome text CONSTRAINT duties_outcome_length CHECK (length(outcome) <= 1000),
  next_due_at timestamptz NOT NULL,
  CONSTRAINT duties_ended CHECK (num_nonnulls(last_ended_at, is_done, outcome) IN (0, 3))
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE ON duties TO capstan_worker;
-- It is of no workspace; only the platform's routes read it.
GRANT SELECT ON duties TO capstan_api;

-- The statements of the product that took most time in all, with how often they ran, worst first; null where `pg_stat_statements` is not
-- there or says nothing to the owner of this schema, who needs `pg_read_all_stats` for it. Texts have no values in them: only what is
-- normalised is told, and only of the roles of the product.
CREATE FUNCTION slow_statements_1(p_most int) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_view text;
  v_told jsonb;
BEGIN
  SELECT format('%I.pg_stat_statements', n.nspname) INTO v_view
    FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'pg_stat_statements';
  IF v_view IS NULL OR NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN
    RETURN NULL;
  END IF;
  EXECUTE format(
    'SELECT coalesce(jsonb_agg(to_jsonb(w) ORDER BY w.total_ms DESC), ''[]'') FROM ('
    ' SELECT left(s.query, 500) AS statement, sum(s.calls)::bigint AS calls,'
    '        round(sum(s.total_exec_time))::bigint AS total_ms,'
    '        round((sum(s.total_exec_time) / sum(s.calls))::numeric, 3)::float8 AS mean_ms,'
    '        round(max(s.max_exec_time))::bigint AS max_ms'
    '   FROM %s s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.userid'
    '  WHERE d.datname = current_database() AND r.rolname LIKE ''capstan\_%%'' AND s.calls > 0'
    '    AND s.query ~* ''^\s*(select|insert|update|delete|with|merge)\y'''
    '  GROUP BY s.query ORDER BY sum(s.total_exec_time) DESC LIMIT $1) w', v_view)
    INTO v_told USING least(greatest(p_most, 0), 100);
  RETURN v_told;
EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_table OR undefined_column OR insufficient_privilege THEN
  RETURN NULL; -- the extension is made, but the server does not load it, or the view is of somebody else
END
$$;

REVOKE ALL ON FUNCTION slow_statements_1(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION slow_statements_1(int) TO capstan_api;
