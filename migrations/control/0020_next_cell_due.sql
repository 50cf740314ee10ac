-- When the next dedicated cell has something to do, so that workers that serve none need not ask each second.

-- In how many milliseconds a cell has something to do, negative where one has already, or is served; null where nothing is planned.
-- By cell_dues_by_due.
CREATE FUNCTION next_cell_due_1() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT ceil(extract(epoch FROM min(d.due_at) - clock_timestamp()) * 1000)::bigint FROM cell_dues d WHERE d.due_at < 'infinity'
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_resolver', v_schema);
  ALTER FUNCTION next_cell_due_1() OWNER TO capstan_resolver;
  REVOKE ALL ON FUNCTION next_cell_due_1() FROM PUBLIC;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_resolver', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION next_cell_due_1() TO capstan_worker;
