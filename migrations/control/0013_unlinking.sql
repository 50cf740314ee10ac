-- A user takes back who they are at a provider, unless that is the last way to log in.

-- Who came through a provider has a password that nobody knows, until they choose another one.
ALTER TABLE users ADD COLUMN password_known boolean NOT NULL DEFAULT true;
UPDATE users u SET password_known = false
 WHERE u.updated_at < u.created_at + interval '1 second'
   AND EXISTS (SELECT FROM user_identities i WHERE i.user_id = u.user_id
               AND i.created_at < u.created_at + interval '1 second');

-- What it is called in paths: what a provider calls somebody is nobody else's business.
ALTER TABLE user_identities ADD COLUMN identity_id uuid NOT NULL DEFAULT gen_random_uuid();
CREATE UNIQUE INDEX user_identities_id ON user_identities (user_id, identity_id);

GRANT UPDATE (password_known) ON users TO capstan_access;
GRANT DELETE ON user_identities TO capstan_access;
