-- Work that is asked for once and done step by step, whichever process dies meanwhile: workspaces that are made.

-- `request` is {slug, name, plan, owner_email, owner_name}; `workspace_id` is chosen with the row, so that a step that is done again
-- makes nothing twice. `step` is the next one; each is one transaction that moves it on, under the lock of the row. `steps` holds
-- when each was done. What fails comes again at `due_at`, `tries` times in a row so far.
CREATE TABLE operations (
  operation_id uuid PRIMARY KEY,
  kind text NOT NULL CONSTRAINT operations_kind_known CHECK (kind IN ('workspace.create')),
  requested_by uuid NOT NULL REFERENCES users,
  requested_by_name text NOT NULL,
  idempotency_key text NOT NULL CONSTRAINT operations_key_length CHECK (octet_length(idempotency_key) BETWEEN 1 AND 200),
  request_hash bytea NOT NULL CONSTRAINT operations_request_hash_length CHECK (length(request_hash) = 32),
  request jsonb NOT NULL,
  workspace_id uuid NOT NULL CONSTRAINT operations_workspace_key UNIQUE,
  status text NOT NULL DEFAULT 'pending'
    CONSTRAINT operations_status_known CHECK (status IN ('pending', 'running', 'completed', 'failed')),
  step int NOT NULL DEFAULT 0 CONSTRAINT operations_step CHECK (step BETWEEN 0 AND 6),
  steps jsonb NOT NULL DEFAULT '{}' CONSTRAINT operations_steps_form CHECK (jsonb_typeof(steps) = 'object'),
  tries int NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  error_code text,
  error_detail text CONSTRAINT operations_error_detail_length CHECK (length(error_detail) <= 500),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  CONSTRAINT operations_idempotency_key UNIQUE (requested_by, idempotency_key),
  CONSTRAINT operations_ended CHECK ((status IN ('completed', 'failed')) = (ended_at IS NOT NULL)),
  CONSTRAINT operations_error CHECK ((status = 'failed') = (error_code IS NOT NULL)),
  CONSTRAINT operations_completed CHECK ((status = 'completed') <= (step = 6))
);
CREATE INDEX operations_due ON operations (due_at) WHERE ended_at IS NULL;

ALTER TABLE operations ENABLE ROW LEVEL SECURITY;
ALTER TABLE operations FORCE ROW LEVEL SECURITY;
CREATE POLICY operations_access ON operations TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY operations_owner ON operations TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (status, step, steps, tries, due_at, error_code, error_detail, ended_at) ON operations
  TO capstan_access;
