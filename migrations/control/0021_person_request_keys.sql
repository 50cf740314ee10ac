-- What requests with an Idempotency-Key were answered that people make for no workspace, such as those of the platform: for a day, one
-- row for each key of each person. Those for a workspace lie in its cell, in request_keys.

SET LOCAL lock_timeout = '200ms';

-- Bounded for each person by domain/src/request_keys.rs.
CREATE TABLE person_request_keys (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  -- SHA-256 of the person, and the key.
  key_hash bytea NOT NULL CONSTRAINT person_request_keys_key_hash_length CHECK (length(key_hash) = 32),
  -- SHA-256 of method, path, query, body, workspace and key.
  request_hash bytea NOT NULL CONSTRAINT person_request_keys_request_hash_length CHECK (length(request_hash) = 32),
  -- Of the request that is at it, or was.
  claim_id uuid NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Whether the change was made.
  changed text NOT NULL CONSTRAINT person_request_keys_changed_known CHECK (changed IN ('no', 'maybe', 'yes')),
  status int,
  location text CONSTRAINT person_request_keys_location_length CHECK (length(location) <= 1000),
  -- Sealed; absent where it is not kept.
  answer bytea CONSTRAINT person_request_keys_answer_length CHECK (length(answer) <= 100000),
  key_id text,
  PRIMARY KEY (user_id, key_hash),
  CONSTRAINT person_request_keys_answered
    CHECK ((answer IS NULL) = (key_id IS NULL) AND (answer IS NULL OR status IS NOT NULL))
);
CREATE INDEX person_request_keys_claimed_at ON person_request_keys (claimed_at);

ALTER TABLE person_request_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_request_keys FORCE ROW LEVEL SECURITY;
-- They belong to no workspace, and are not seen by transactions for one.
CREATE POLICY person_request_keys_access ON person_request_keys TO capstan_access
  USING (nullif(current_setting('app.workspace_id', true), '') IS NULL)
  WITH CHECK (nullif(current_setting('app.workspace_id', true), '') IS NULL);
CREATE POLICY person_request_keys_owner ON person_request_keys TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON person_request_keys TO capstan_access;
