-- A user takes back who they are at a provider, unless that is the last way to log in.

SET LOCAL lock_timeout = '200ms';

-- What it is called in paths: what a provider calls somebody is nobody else's business. The table is small, and read only when
-- somebody comes from a provider.
ALTER TABLE user_identities ADD COLUMN identity_id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX user_identities_id ON user_identities (user_id, identity_id);
GRANT DELETE ON user_identities TO capstan_access;

-- Who comes through a provider has a password that nobody knows, until they choose another one. Of users from before that is not
-- known: they count as knowing theirs, and "forgot the password" gives them one. Last, as each request of a person reads users.
ALTER TABLE users ADD COLUMN password_known boolean NOT NULL DEFAULT true;
GRANT UPDATE (password_known) ON users TO capstan_access;
