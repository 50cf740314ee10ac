-- Submissions of forms that ask for a proven address. The API keeps one, a worker mails the link to its address, and the button behind
-- the link starts the execution, in the transaction that settles the row: `input` goes then. Rows go when their link ends.
CREATE TABLE form_submissions (
  workspace_id uuid NOT NULL,
  -- Made by the application; orders by time.
  submission_id uuid NOT NULL,
  -- Of form, page and what was filled in: what is sent twice is one submission, and one start.
  once text NOT NULL CONSTRAINT form_submissions_once_length CHECK (octet_length(once) BETWEEN 1 AND 250),
  workflow_id uuid NOT NULL,
  node_id text NOT NULL,
  path text NOT NULL CONSTRAINT form_submissions_path_length CHECK (octet_length(path) BETWEEN 1 AND 200),
  -- What the mail calls the form.
  title text NOT NULL CONSTRAINT form_submissions_title_length CHECK (length(title) <= 200),
  -- In lower case.
  email text NOT NULL CONSTRAINT form_submissions_email_length CHECK (octet_length(email) BETWEEN 3 AND 254),
  -- Name of the credential of the mail server; that of the installation if null.
  credential text CONSTRAINT form_submissions_credential_length CHECK (octet_length(credential) <= 200),
  input jsonb,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  -- When the mail is to be sent, or to be tried again; null once it was, or will not be.
  mail_due_at timestamptz,
  mail_tries int NOT NULL DEFAULT 0,
  mailed_at timestamptz,
  -- Why the last try failed.
  mail_error text CONSTRAINT form_submissions_mail_error_length CHECK (length(mail_error) <= 500),
  PRIMARY KEY (workspace_id, submission_id),
  CONSTRAINT form_submissions_once_key UNIQUE (workspace_id, once),
  CONSTRAINT form_submissions_input CHECK ((input IS NULL) = (confirmed_at IS NOT NULL))
);
CREATE INDEX form_submissions_mail_due ON form_submissions (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX form_submissions_email ON form_submissions (workspace_id, email);
CREATE INDEX form_submissions_path ON form_submissions (workspace_id, path, submission_id);
CREATE INDEX form_submissions_expires ON form_submissions (expires_at);

ALTER TABLE form_submissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE form_submissions FORCE ROW LEVEL SECURITY;
CREATE POLICY form_submissions_tenant ON form_submissions TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY form_submissions_worker ON form_submissions TO capstan_worker USING (true) WITH CHECK (true);

-- The API keeps and settles; workers send the mails, and remove what is past its time or of a person who is erased.
GRANT SELECT, INSERT ON form_submissions TO capstan_api;
GRANT UPDATE (input, confirmed_at, mail_due_at) ON form_submissions TO capstan_api;
GRANT SELECT, DELETE ON form_submissions TO capstan_worker;
GRANT UPDATE (mail_due_at, mail_tries, mailed_at, mail_error) ON form_submissions TO capstan_worker;

-- Whether a mail is to be sent: one step into form_submissions_mail_due. It locks nothing. Part of the look of a worker, so its plan is
-- pinned.
CREATE FUNCTION form_mails_due_1() RETURNS boolean
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
BEGIN
  RETURN (SELECT true FROM form_submissions s WHERE s.mail_due_at <= now() LIMIT 1) IS NOT NULL;
END
$$;
REVOKE ALL ON FUNCTION form_mails_due_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION form_mails_due_1() TO capstan_worker;
