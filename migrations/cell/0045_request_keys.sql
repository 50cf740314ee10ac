-- What a request with an Idempotency-Key was answered, for a day: one row for each key of each caller of a workspace. Starts and
-- what else makes executions keep theirs in idempotency_keys, in their own transaction.

CREATE TABLE request_keys (
  workspace_id uuid NOT NULL,
  -- SHA-256 of who asks, and the key.
  key_hash bytea NOT NULL CONSTRAINT request_keys_key_hash_length CHECK (length(key_hash) = 32),
  -- SHA-256 of method, path, query and body.
  request_hash bytea NOT NULL CONSTRAINT request_keys_request_hash_length CHECK (length(request_hash) = 32),
  -- Of the request that is at it, or was.
  claim_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Whether the change was made. 'yes' is written in the transaction that makes it; 'maybe' where that lies in `control`.
  changed text NOT NULL CONSTRAINT request_keys_changed_known CHECK (changed IN ('no', 'maybe', 'yes')),
  status int,
  location text CONSTRAINT request_keys_location_length CHECK (length(location) <= 1000),
  -- Sealed; absent where it is not kept.
  answer bytea CONSTRAINT request_keys_answer_length CHECK (length(answer) <= 100000),
  key_id text,
  PRIMARY KEY (workspace_id, key_hash),
  CONSTRAINT request_keys_answered CHECK ((answer IS NULL) = (key_id IS NULL) AND (answer IS NULL OR status IS NOT NULL))
);
CREATE INDEX request_keys_claimed_at ON request_keys (claimed_at);

ALTER TABLE request_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE request_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY request_keys_tenant ON request_keys TO capstan_api
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY request_keys_worker ON request_keys TO capstan_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON request_keys TO capstan_api;
-- Those that are past their time go.
GRANT SELECT (workspace_id, key_hash, claimed_at), DELETE ON request_keys TO capstan_worker;
