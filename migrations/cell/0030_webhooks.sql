-- Outbound webhooks: endpoints, and which events they get.

-- The transaction that a row came with. Readers that must miss nothing go by it: below the horizon of a snapshot,
-- `pg_snapshot_xmin`, nothing can be committed any more, whatever the ids of late rows are. Rows of before have none.
-- Their indexes, outbox_xid and events_xid, are made by 0036 and 0037, while rows go on being written.
ALTER TABLE outbox ADD COLUMN xid xid8;
ALTER TABLE outbox ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
ALTER TABLE events ADD COLUMN xid xid8;
ALTER TABLE events ALTER COLUMN xid SET DEFAULT pg_current_xact_id();

-- How far the events of each source have been handed out. One process at a time does it: `lease_no` tells whose turn it is.
CREATE TABLE webhook_cursors (
  source text PRIMARY KEY CONSTRAINT webhook_cursors_source CHECK (source IN ('outbox', 'events')),
  xid xid8 NOT NULL,
  event_id uuid NOT NULL,
  lease_no bigint NOT NULL DEFAULT 0,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO webhook_cursors (source, xid, event_id)
SELECT s.source, pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000'
  FROM unnest(ARRAY['outbox', 'events']) AS s (source);

-- Where events go. `failing`: its circuit is open. One that is deleted stays as long as its deliveries do. It gets events
-- of transactions from `since` on.
CREATE TABLE webhook_endpoints (
  workspace_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  url text NOT NULL CONSTRAINT webhook_endpoints_url_length CHECK (octet_length(url) BETWEEN 1 AND 2000),
  types text[] NOT NULL CONSTRAINT webhook_endpoints_types CHECK (cardinality(types) BETWEEN 1 AND 50),
  filter text CONSTRAINT webhook_endpoints_filter_length CHECK (octet_length(filter) <= 2000),
  description text NOT NULL DEFAULT '' CONSTRAINT webhook_endpoints_description_length CHECK (length(description) <= 500),
  status text NOT NULL DEFAULT 'enabled'
    CONSTRAINT webhook_endpoints_status CHECK (status IN ('enabled', 'failing', 'disabled', 'deleted')),
  reason text CONSTRAINT webhook_endpoints_reason_length CHECK (length(reason) <= 500),
  rate_per_s int CONSTRAINT webhook_endpoints_rate CHECK (rate_per_s BETWEEN 1 AND 1000),
  concurrency int NOT NULL CONSTRAINT webhook_endpoints_concurrency CHECK (concurrency BETWEEN 1 AND 50),
  since xid8 NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot()),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, endpoint_id)
);
CREATE INDEX webhook_endpoints_live ON webhook_endpoints (workspace_id) WHERE status IN ('enabled', 'failing');

-- What signs for an endpoint, sealed. Those with an end sign along until then.
CREATE TABLE webhook_secrets (
  workspace_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  secret_id uuid NOT NULL,
  sealed bytea NOT NULL,
  key_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  until_at timestamptz,
  PRIMARY KEY (workspace_id, endpoint_id, secret_id)
);

-- The queue of an endpoint: who sends for it holds its lease, so that its concurrency, rate and circuit are one process's
-- business. `due_at` is when there is something to do, which is not before `rests_until` unless a person says so; `failures`
-- are in a row, since `failing_since`.
CREATE TABLE webhook_lanes (
  workspace_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  due_at timestamptz NOT NULL DEFAULT 'infinity',
  lease_no bigint NOT NULL DEFAULT 0,
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  rests_until timestamptz NOT NULL DEFAULT '-infinity',
  failures int NOT NULL DEFAULT 0,
  failing_since timestamptz,
  warned boolean NOT NULL DEFAULT false,
  PRIMARY KEY (workspace_id, endpoint_id),
  CONSTRAINT webhook_lanes_failing CHECK ((failures = 0) = (failing_since IS NULL))
);
CREATE INDEX webhook_lanes_due ON webhook_lanes (due_at) WHERE failures = 0 AND due_at < 'infinity';
CREATE INDEX webhook_lanes_ailing ON webhook_lanes (due_at) WHERE failures > 0 AND due_at < 'infinity';

-- An event as it is sent, once for all endpoints.
CREATE TABLE webhook_events (
  workspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, event_id)
);
CREATE INDEX webhook_events_created_at ON webhook_events (created_at);

-- An event on its way to an endpoint. `tried` counts the attempts since it was last sent by hand, `attempts` all.
CREATE TABLE webhook_deliveries (
  workspace_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,
  type text NOT NULL,
  status text NOT NULL DEFAULT 'pending'
    CONSTRAINT webhook_deliveries_status CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
  reason text CONSTRAINT webhook_deliveries_reason_length CHECK (length(reason) <= 500),
  tried int NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deadline_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  settled_at timestamptz,
  PRIMARY KEY (workspace_id, delivery_id),
  CONSTRAINT webhook_deliveries_once UNIQUE (workspace_id, endpoint_id, event_id),
  CONSTRAINT webhook_deliveries_settled CHECK ((status = 'pending') = (settled_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, endpoint_id, due_at, delivery_id)
  WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (workspace_id, endpoint_id, delivery_id);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (workspace_id, status, delivery_id)
  WHERE status <> 'delivered';
CREATE INDEX webhook_deliveries_created_at ON webhook_deliveries (created_at);

-- What became of each attempt, written with what it came to.
CREATE TABLE webhook_attempts (
  workspace_id uuid NOT NULL,
  delivery_id uuid NOT NULL,
  number int NOT NULL,
  lease_no bigint NOT NULL,
  started_at timestamptz NOT NULL,
  duration_ms bigint NOT NULL,
  status_code int,
  outcome text NOT NULL CONSTRAINT webhook_attempts_outcome CHECK (outcome IN ('delivered', 'failed')),
  error text,
  detail text,
  response text,
  PRIMARY KEY (workspace_id, delivery_id, number)
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY[
    'webhook_endpoints', 'webhook_secrets', 'webhook_lanes', 'webhook_events', 'webhook_deliveries', 'webhook_attempts'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY %I ON %I TO capstan_api, capstan_tenant '
      'USING (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid) '
      'WITH CHECK (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid)',
      v_table || '_tenant', v_table);
    EXECUTE format('CREATE POLICY %I ON %I TO capstan_worker USING (true) WITH CHECK (true)',
      v_table || '_worker', v_table);
  END LOOP;
END
$$;

-- The API keeps endpoints, and sends again by hand; workers hand out, deliver, and remove what is old.
GRANT SELECT, INSERT ON webhook_endpoints, webhook_lanes, webhook_deliveries, webhook_events TO capstan_api;
GRANT SELECT, INSERT, DELETE ON webhook_secrets TO capstan_api;
GRANT UPDATE (url, types, filter, description, status, reason, rate_per_s, concurrency, since, updated_at)
  ON webhook_endpoints TO capstan_api;
GRANT UPDATE (until_at) ON webhook_secrets TO capstan_api;
GRANT UPDATE (due_at, rests_until, failures, failing_since, warned) ON webhook_lanes TO capstan_api;
GRANT UPDATE (status, reason, tried, due_at, deadline_at, settled_at) ON webhook_deliveries TO capstan_api;
GRANT SELECT ON webhook_attempts TO capstan_api;
GRANT SELECT, UPDATE ON webhook_cursors TO capstan_worker;
GRANT SELECT, DELETE ON webhook_endpoints TO capstan_worker;
GRANT UPDATE (status, reason, since, updated_at) ON webhook_endpoints TO capstan_worker;
GRANT SELECT, DELETE ON webhook_secrets TO capstan_worker;
GRANT UPDATE (sealed, key_id) ON webhook_secrets TO capstan_worker;
GRANT SELECT, UPDATE, DELETE ON webhook_lanes TO capstan_worker;
GRANT SELECT, INSERT, DELETE ON webhook_events, webhook_deliveries, webhook_attempts TO capstan_worker;
GRANT UPDATE (status, reason, tried, attempts, due_at, settled_at) ON webhook_deliveries TO capstan_worker;
