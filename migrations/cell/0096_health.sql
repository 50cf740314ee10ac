-- How the cell, its fleet and its database are, taken about each minute by one worker at a time, and kept for some days.

-- Figures that cannot be had are null. `claimed_total` counts since the statistics of the server were last reset: its rise over time is
-- how many tokens a second leave the queue.
CREATE TABLE system_health_metrics (
  taken_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),
  workers bigint NOT NULL,
  queued bigint NOT NULL,
  active bigint NOT NULL,
  queue_age_s float8,
  timer_late_s float8,
  outbox_age_s float8,
  claimed_total bigint NOT NULL,
  oldest_transaction_s float8,
  live_rows bigint NOT NULL,
  dead_rows bigint NOT NULL,
  months_ahead int NOT NULL,
  connections bigint NOT NULL,
  connections_max int NOT NULL,
  database_bytes bigint
);
GRANT SELECT, INSERT, DELETE ON system_health_metrics TO capstan_worker;
-- It is of no workspace; only the platform's routes read it.
GRANT SELECT ON system_health_metrics TO capstan_api;

-- What the server's statistics say, with the rights of the owner: sessions of its login are hidden from roles that are granted to it.
-- Takes no lock that others wait for; the size of the database is read from its files.
CREATE FUNCTION server_health_1(
  OUT claimed_total bigint, OUT oldest_transaction_s float8, OUT live_rows bigint, OUT dead_rows bigint, OUT months_ahead int,
  OUT connections bigint, OUT connections_max int, OUT database_bytes bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT SET enable_seqscan = on
AS $$
BEGIN
  claimed_total := coalesce(pg_stat_get_tuples_deleted('queue'::regclass), 0);
  SELECT extract(epoch FROM clock_timestamp() - min(a.xact_start))::float8 INTO oldest_transaction_s
    FROM pg_stat_activity a
   WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid();
  SELECT coalesce(sum(s.n_live_tup), 0)::bigint, coalesce(sum(s.n_dead_tup), 0)::bigint INTO live_rows, dead_rows
    FROM pg_stat_user_tables s WHERE s.schemaname = current_schema();
  SELECT count(*)::int INTO months_ahead
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = 'executions'::regclass
     AND right(c.relname, 7) > to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM');
  SELECT count(*) INTO connections FROM pg_stat_activity a WHERE a.backend_type = 'client backend';
  connections_max := current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int;
  BEGIN
    database_bytes := pg_database_size(current_database());
  EXCEPTION WHEN insufficient_privilege THEN
    database_bytes := NULL;
  END;
END
$$;
REVOKE ALL ON FUNCTION server_health_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION server_health_1() TO capstan_worker;
