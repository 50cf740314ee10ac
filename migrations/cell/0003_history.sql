-- History, by month of the execution's UUIDv7: all rows of an execution share a month.

-- Written at the start and at the end; running and waiting are read from leases and journal.
CREATE TABLE executions (
  execution_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version_id uuid NOT NULL,
  trigger_node_id text NOT NULL,
  status text NOT NULL DEFAULT 'queued' CONSTRAINT executions_status
    CHECK (status IN ('queued', 'incident', 'completed', 'failed', 'cancelled')),
  input jsonb NOT NULL,
  output jsonb,
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deadline_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (execution_id),
  CONSTRAINT executions_ended CHECK ((ended_at IS NULL) = (status IN ('queued', 'incident')))
) PARTITION BY RANGE (execution_id);
CREATE INDEX executions_workspace ON executions (workspace_id, execution_id);

-- What happened to an execution, by position. Appended only by the holder of its lease, whose number it carries.
CREATE TABLE journal (
  execution_id uuid NOT NULL,
  position int NOT NULL,
  workspace_id uuid NOT NULL,
  lease_no bigint NOT NULL,
  kind text NOT NULL CONSTRAINT journal_kind CHECK (kind IN (
    'waiting', 'attempt_failed', 'started', 'signalled', 'settled', 'cancelled', 'timed_out', 'poisoned')),
  node_id text,
  scope text NOT NULL DEFAULT '',
  status text CONSTRAINT journal_status CHECK (status IN ('completed', 'failed', 'outcome_unknown')),
  port text,
  attempts int,
  output jsonb,
  detail jsonb,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (execution_id, position),
  CONSTRAINT journal_settled CHECK ((kind = 'settled') = (status IS NOT NULL))
) PARTITION BY RANGE (execution_id);

CREATE VIEW execution_steps WITH (security_invoker = true) AS
  SELECT workspace_id, execution_id, node_id, scope, status, port, attempts, output,
         detail -> 'error' AS error, recorded_at AS ended_at
    FROM journal
   WHERE kind = 'settled';

CREATE TABLE execution_logs (
  execution_id uuid NOT NULL,
  log_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  node_id text NOT NULL,
  scope text NOT NULL DEFAULT '',
  attempt int NOT NULL,
  level text NOT NULL CONSTRAINT execution_logs_level CHECK (level IN ('debug', 'info', 'warn', 'error')),
  message text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (execution_id, log_id)
) PARTITION BY RANGE (execution_id);

-- One fact for each metered unit that no step or execution row already is.
CREATE TABLE usage (
  execution_id uuid NOT NULL,
  position int NOT NULL,
  meter text NOT NULL,
  workspace_id uuid NOT NULL,
  units bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, position, meter)
) PARTITION BY RANGE (execution_id);

-- Domain facts, committed with what they tell of.
CREATE TABLE outbox (
  event_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  type text NOT NULL CONSTRAINT outbox_type_length CHECK (length(type) BETWEEN 1 AND 50),
  aggregate_id uuid NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Mail of workspaces without a mail server; the newest of each workspace are kept.
CREATE TABLE sandbox_mails (
  workspace_id uuid NOT NULL,
  mail_id uuid NOT NULL,
  message_id text NOT NULL,
  sender text NOT NULL,
  recipients text[] NOT NULL,
  subject text NOT NULL,
  body_text text NOT NULL,
  body_html text,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, mail_id),
  CONSTRAINT sandbox_mails_message_key UNIQUE (workspace_id, message_id)
);

-- The lowest UUIDv7 of a moment.
CREATE FUNCTION uuid_floor_1(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT
AS $$
  SELECT (lpad(to_hex(floor(extract(epoch FROM p_at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of the months around now that do not exist yet: the last one, this one and the next two.
-- Returns how many tables it made. Runs as its owner, so that workers need no right to create.
CREATE FUNCTION make_months_1() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_parent text;
  v_month timestamptz;
  v_name text;
  v_made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#months'), 0);
  FOR i IN -1 .. 2 LOOP
    v_month := date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => i);
    v_month := date_trunc('month', v_month AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage'] LOOP
      v_name := v_parent || to_char(v_month AT TIME ZONE 'UTC', '_YYYY_MM');
      IF to_regclass(quote_ident(v_name)) IS NULL THEN
        -- Attached, not made as a partition: that would lock the parent against everybody.
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', v_name, v_parent);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_parent, v_name,
          uuid_floor_1(v_month),
          uuid_floor_1(((v_month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_name);
        v_made := v_made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN v_made;
END
$$;
SELECT make_months_1();
