-- People: users, their sessions, in which workspaces they are what, who is invited, and links that were mailed.
-- They are looked after by one role, capstan_access. A transaction of it that names a workspace sees only that one's rows.

CREATE TABLE users (
  user_id uuid PRIMARY KEY,
  email text NOT NULL CONSTRAINT users_email_key UNIQUE
    CONSTRAINT users_email_form CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name text NOT NULL CONSTRAINT users_name_length CHECK (length(name) BETWEEN 1 AND 100),
  -- Argon2id, as a PHC string.
  password_hash text NOT NULL CONSTRAINT users_password_hash_form CHECK (password_hash LIKE '$argon2id$%'),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE members (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  user_id uuid NOT NULL REFERENCES users,
  role text NOT NULL CONSTRAINT members_role_known CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
  joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, user_id)
);
CREATE UNIQUE INDEX members_one_owner ON members (workspace_id) WHERE role = 'owner';
CREATE INDEX members_by_user ON members (user_id);

-- The token is in a cookie; only its SHA-256 is kept.
CREATE TABLE user_sessions (
  session_id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  token_hash bytea NOT NULL CONSTRAINT user_sessions_token_hash_key UNIQUE
    CONSTRAINT user_sessions_token_hash_length CHECK (length(token_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Written at most once a minute.
  last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  address text,
  user_agent text CONSTRAINT user_sessions_user_agent_length CHECK (length(user_agent) <= 300)
);
CREATE INDEX user_sessions_by_user ON user_sessions (user_id, session_id);
CREATE INDEX user_sessions_by_end ON user_sessions (expires_at);

-- Links for an address that need no workspace. Used once: using one deletes it.
CREATE TABLE mail_links (
  token_hash bytea PRIMARY KEY CONSTRAINT mail_links_token_hash_length CHECK (length(token_hash) = 32),
  kind text NOT NULL CONSTRAINT mail_links_kind_known CHECK (kind IN ('sign_up', 'reset')),
  email text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX mail_links_by_email ON mail_links (email, kind);
CREATE INDEX mail_links_by_end ON mail_links (expires_at);

CREATE TABLE invitations (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  invitation_id uuid NOT NULL,
  email text NOT NULL,
  role text NOT NULL CONSTRAINT invitations_role_known CHECK (role IN ('admin', 'member', 'viewer')),
  token_hash bytea NOT NULL CONSTRAINT invitations_token_hash_key UNIQUE
    CONSTRAINT invitations_token_hash_length CHECK (length(token_hash) = 32),
  invited_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, invitation_id),
  CONSTRAINT invitations_email_key UNIQUE (workspace_id, email)
);

-- How often something was tried, by the hash of what it was tried on. Rows are few seconds to an hour of use, and swept.
CREATE TABLE tries (
  subject bytea PRIMARY KEY CONSTRAINT tries_subject_length CHECK (length(subject) = 32),
  tries int NOT NULL,
  since_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  until_at timestamptz NOT NULL
);
CREATE INDEX tries_by_end ON tries (until_at);

ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;

CREATE POLICY members_access ON members TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY invitations_access ON invitations TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY workspaces_access ON workspaces TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY api_keys_access ON api_keys TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY members_owner ON members TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY invitations_owner ON invitations TO CURRENT_USER USING (true) WITH CHECK (true);

DO $$
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO capstan_access', current_schema());
END
$$;
GRANT SELECT ON cells TO capstan_access;
GRANT SELECT, INSERT ON workspaces TO capstan_access;
GRANT SELECT (workspace_id, key_id, prefix, name, created_at, revoked_at, scopes, expires_at, last_used_at, created_by),
  INSERT, UPDATE (revoked_at) ON api_keys TO capstan_access;
GRANT SELECT, INSERT, UPDATE (name, password_hash, updated_at) ON users TO capstan_access;
GRANT SELECT, INSERT, UPDATE (role), DELETE ON members TO capstan_access;
GRANT SELECT, INSERT, UPDATE (last_seen_at), DELETE ON user_sessions TO capstan_access;
GRANT SELECT, INSERT, DELETE ON mail_links TO capstan_access;
GRANT SELECT, INSERT, UPDATE (role, token_hash, invited_by, created_at, expires_at), DELETE ON invitations TO capstan_access;
GRANT SELECT, INSERT, UPDATE, DELETE ON tries TO capstan_access;
