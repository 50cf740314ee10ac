-- The queue and what surrounds it. These tables look empty to the planner: the settings of the worker's
-- connections hold their plans, and a test looks at them.

-- Wake tokens: inserted and deleted, never updated. `vt` is the virtual time that orders claims across
-- workspaces; `fresh` tells an execution without a journal; `losses` counts workers lost in a row.
CREATE TABLE queue (
  vt bigint NOT NULL,
  execution_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  fresh boolean NOT NULL,
  losses smallint NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX queue_vt ON queue (vt);
CREATE INDEX queue_suspects ON queue (vt) WHERE losses >= 2;

-- Where claims stand: no token is stamped below it. One row, raised at most about once a second.
CREATE TABLE queue_front (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT queue_front_one CHECK (one),
  vt bigint NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 20);
INSERT INTO queue_front (vt, updated_at) VALUES (0, clock_timestamp());

-- Who holds an execution. `woken` is set when a token meets a lease; a woken lease cannot be parked.
CREATE TABLE leases (
  execution_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  worker_no int NOT NULL,
  lease_no bigint NOT NULL,
  losses smallint NOT NULL,
  woken boolean NOT NULL DEFAULT false,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX leases_woken ON leases (worker_no) WHERE woken;
CREATE SEQUENCE lease_numbers AS bigint CACHE 100;

-- When a parked execution has to be looked at again: the earliest of its deadlines.
CREATE TABLE timers (
  execution_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  due_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE INDEX timers_due_at ON timers (due_at);

-- Executions that wait for a slot of a concurrency key.
CREATE TABLE gated (
  workspace_id uuid NOT NULL,
  concurrency_key text NOT NULL,
  vt bigint NOT NULL,
  execution_id uuid NOT NULL,
  PRIMARY KEY (workspace_id, concurrency_key, vt, execution_id)
);

-- One row for each life of a worker process. `fenced` is set once and never taken back.
CREATE SEQUENCE worker_numbers AS int;
CREATE TABLE workers (
  worker_no int PRIMARY KEY DEFAULT nextval('worker_numbers'),
  name text NOT NULL,
  fenced boolean NOT NULL DEFAULT false,
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- Outside facts on their way into an execution; gone once the journal holds them.
CREATE TABLE signals (
  execution_id uuid NOT NULL,
  signal_id uuid NOT NULL,
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT signals_name_length CHECK (length(name) BETWEEN 1 AND 200),
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (execution_id, signal_id)
);

-- One key, one execution. The hash of the request tells a repetition from a mistake.
CREATE TABLE idempotency_keys (
  workspace_id uuid NOT NULL,
  key_hash bytea NOT NULL,
  request_hash bytea NOT NULL,
  execution_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, key_hash)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);

-- Units granted in slices to processes; `granted` never passes 120 % of `units_max`.
CREATE TABLE quota_counters (
  workspace_id uuid NOT NULL,
  meter text NOT NULL,
  period date NOT NULL,
  units_max bigint,
  granted bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, meter, period)
) WITH (fillfactor = 50);
