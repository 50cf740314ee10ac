-- What people are told: a row for each person and piece of news. Who tells the same news again, after a crash or from another process,
-- adds nothing: `source` says which news it is.

SET LOCAL lock_timeout = '200ms';

-- Bounded for each person by domain/src/notifications: the oldest that were read go first. `page` is where to look, below the editor.
-- Without a workspace it is a matter of the platform. `mail_due_at`: when it is to be mailed; null if it is not, or was.
CREATE TABLE notifications (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  notification_id uuid NOT NULL,
  source text NOT NULL CONSTRAINT notifications_source_length CHECK (octet_length(source) BETWEEN 1 AND 400),
  kind text NOT NULL CONSTRAINT notifications_kind_length CHECK (length(kind) BETWEEN 1 AND 50),
  workspace_id uuid REFERENCES workspaces,
  summary text NOT NULL CONSTRAINT notifications_summary_length CHECK (length(summary) BETWEEN 1 AND 500),
  page text NOT NULL CONSTRAINT notifications_page_length CHECK (length(page) <= 200),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  read_at timestamptz,
  mail_due_at timestamptz,
  mail_tries int NOT NULL DEFAULT 0,
  PRIMARY KEY (user_id, notification_id),
  CONSTRAINT notifications_source_key UNIQUE (user_id, source)
);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_mail_due ON notifications (mail_due_at) WHERE mail_due_at IS NOT NULL;

-- Of which kinds of news a person wants mails, where that differs from what is usual.
CREATE TABLE notification_preferences (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  kind text NOT NULL CONSTRAINT notification_preferences_kind_length CHECK (length(kind) BETWEEN 1 AND 50),
  is_mailed boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, kind)
);

ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
-- What belongs to no workspace is not seen by transactions for one.
CREATE POLICY notifications_access ON notifications TO capstan_access
  USING (nullif(current_setting('app.workspace_id', true), '') IS NULL
         OR workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (nullif(current_setting('app.workspace_id', true), '') IS NULL
         OR workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY notifications_owner ON notifications TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (read_at, mail_due_at, mail_tries), DELETE ON notifications TO capstan_access;
GRANT SELECT, INSERT, UPDATE (is_mailed, changed_at) ON notification_preferences TO capstan_access;
