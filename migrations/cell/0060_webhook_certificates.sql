-- The certificate that an endpoint's receiver asks clients for: certificates and private key as PEM, sealed; SHA-256 of the
-- client's own, as it is shown; and when it was set.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE webhook_endpoints
  ADD COLUMN certificate_sealed bytea,
  ADD COLUMN certificate_key_id text,
  ADD COLUMN certificate_fingerprint text,
  ADD COLUMN certificate_set_at timestamptz,
  ADD CONSTRAINT webhook_endpoints_certificate CHECK (
    num_nonnulls(certificate_sealed, certificate_key_id, certificate_fingerprint, certificate_set_at) IN (0, 4));

GRANT UPDATE (certificate_sealed, certificate_key_id, certificate_fingerprint, certificate_set_at)
  ON webhook_endpoints TO capstan_api;
GRANT UPDATE (certificate_sealed, certificate_key_id) ON webhook_endpoints TO capstan_worker;
