-- Who loses a role loses what it gave them: the keys that they made, and the invitations that they or these keys sent.

-- The user or key that invites; absent where a process of the release before invited.
ALTER TABLE invitations ADD COLUMN invited_by_id uuid;
UPDATE invitations i SET invited_by_id = u.user_id FROM users u WHERE u.email = i.invited_by;
GRANT UPDATE (invited_by_id) ON invitations TO capstan_access;

CREATE INDEX api_keys_by_maker ON api_keys (workspace_id, created_by) WHERE created_by IS NOT NULL;
