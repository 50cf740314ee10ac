-- Tests of credentials against their providers. The API asks for one and waits for what comes of it; a worker, which alone can open
-- credentials, does it, and writes that without the secret. One row for each credential: its newest test. A test is begun once:
-- where its worker dies, it never ends, and counts as lost after a while. `url` goes when it is begun.
SET LOCAL lock_timeout = '200ms';
CREATE TABLE credential_tests (
  workspace_id uuid NOT NULL,
  credential_id uuid NOT NULL,
  test_id uuid NOT NULL,
  -- Of the credential, when the test was asked for.
  revision int NOT NULL,
  url text CONSTRAINT credential_tests_url_length CHECK (octet_length(url) <= 2048),
  asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  begun_at timestamptz,
  ended_at timestamptz,
  outcome text CONSTRAINT credential_tests_outcome
    CHECK (outcome IN ('passed', 'refused', 'unclear', 'unreachable', 'not_allowed', 'timed_out', 'unusable')),
  detail text CONSTRAINT credential_tests_detail_length CHECK (length(detail) <= 1000),
  status_code int,
  response text CONSTRAINT credential_tests_response_length CHECK (length(response) <= 1000),
  took_ms bigint,
  -- Until when the token holds that was fetched for it.
  token_until timestamptz,
  PRIMARY KEY (workspace_id, credential_id),
  FOREIGN KEY (workspace_id, credential_id) REFERENCES credentials ON DELETE CASCADE,
  CONSTRAINT credential_tests_ended CHECK (
    num_nonnulls(ended_at, outcome, detail, took_ms) IN (0, 4) AND (ended_at IS NULL OR begun_at IS NOT NULL)
    AND (begun_at IS NULL OR url IS NULL))
);
CREATE INDEX credential_tests_asked ON credential_tests (asked_at) WHERE begun_at IS NULL;

ALTER TABLE credential_tests ENABLE ROW LEVEL SECURITY;
ALTER TABLE credential_tests FORCE ROW LEVEL SECURITY;
CREATE POLICY credential_tests_tenant ON credential_tests TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY credential_tests_worker ON credential_tests TO capstan_worker USING (true) WITH CHECK (true);

-- The API asks, in place of the test before, and reads; workers begin and end.
GRANT SELECT, INSERT, DELETE ON credential_tests TO capstan_api;
GRANT SELECT ON credential_tests TO capstan_worker;
GRANT UPDATE (url, begun_at, ended_at, outcome, detail, status_code, response, took_ms, token_until)
  ON credential_tests TO capstan_worker;

-- Whether a test was asked for within the last seconds, as long as the API waits for one to begin, and nobody has begun it: one step
-- into credential_tests_asked. It locks nothing. Part of the look of a worker, so its plan is pinned.
CREATE FUNCTION credential_tests_asked_1() RETURNS boolean
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
  RETURN (SELECT true FROM credential_tests t
           WHERE t.begun_at IS NULL AND t.asked_at > now() - interval '10 seconds' LIMIT 1) IS NOT NULL;
END
$$;
REVOKE ALL ON FUNCTION credential_tests_asked_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION credential_tests_asked_1() TO capstan_worker;
