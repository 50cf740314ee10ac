-- Ed25519 signatures (`v1a`) of outbound webhooks, beside the HMAC (`v1`) that each secret makes.

SET LOCAL lock_timeout = '200ms';

-- Whether the owner of an endpoint wants them.
ALTER TABLE webhook_endpoints ADD COLUMN is_asymmetric boolean NOT NULL DEFAULT false;

-- The key pair that signs along with a secret, for as long as that does: its private half sealed, its public half as it is
-- shown. A secret of before has none.
ALTER TABLE webhook_secrets
  ADD COLUMN pair_sealed bytea,
  ADD COLUMN pair_key_id text,
  ADD COLUMN public_key text,
  ADD CONSTRAINT webhook_secrets_pair CHECK (num_nonnulls(pair_sealed, pair_key_id, public_key) IN (0, 3));

GRANT UPDATE (is_asymmetric) ON webhook_endpoints TO capstan_api;
GRANT UPDATE (pair_sealed, pair_key_id, public_key) ON webhook_secrets TO capstan_api;
GRANT UPDATE (pair_sealed, pair_key_id) ON webhook_secrets TO capstan_worker;
