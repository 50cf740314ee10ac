-- Leads of a workspace: who they are, where they stand, what is known beside, and everything that was done. No row is
-- shared by leads: what a workspace has once (pipeline, definitions, sources) is written when it changes, and read else.

-- The states of leads and the ways between them, where a workspace has its own; without a row those that are shipped hold.
CREATE TABLE lead_pipelines (
  workspace_id uuid PRIMARY KEY,
  machine jsonb NOT NULL,
  revision int NOT NULL CONSTRAINT lead_pipelines_revision CHECK (revision > 0),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- `email_key` is the address in lower case: no two leads of a workspace that are not deleted have the same.
-- `last_activity_at` and `last_email_at` are kept with each event of a lead, so that lists and the board need no events.
CREATE TABLE leads (
  workspace_id uuid NOT NULL,
  -- Made by the application; orders by time.
  lead_id uuid NOT NULL,
  email text CONSTRAINT leads_email_length CHECK (octet_length(email) BETWEEN 3 AND 254),
  email_key text CONSTRAINT leads_email_key_length CHECK (octet_length(email_key) BETWEEN 3 AND 300),
  name text CONSTRAINT leads_name_length CHECK (length(name) BETWEEN 1 AND 200),
  phone text CONSTRAINT leads_phone_length CHECK (length(phone) BETWEEN 1 AND 50),
  company text CONSTRAINT leads_company_length CHECK (length(company) BETWEEN 1 AND 200),
  status text NOT NULL CONSTRAINT leads_status_length CHECK (octet_length(status) BETWEEN 1 AND 40),
  source text NOT NULL CONSTRAINT leads_source_length CHECK (octet_length(source) BETWEEN 1 AND 210),
  consented_at timestamptz,
  last_email_at timestamptz,
  last_activity_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted_at timestamptz,
  -- Words of name, company, address and number, in lower case. The application splits them, as databases of locale C know
  -- no letters but a-z.
  words tsvector NOT NULL DEFAULT '',
  PRIMARY KEY (workspace_id, lead_id),
  CONSTRAINT leads_known CHECK (num_nonnulls(email, name, phone, company) > 0),
  CONSTRAINT leads_email_both CHECK ((email IS NULL) = (email_key IS NULL))
);
CREATE UNIQUE INDEX leads_email_key ON leads (workspace_id, email_key) WHERE deleted_at IS NULL AND email_key IS NOT NULL;
CREATE INDEX leads_by_status ON leads (workspace_id, status, lead_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_by_source ON leads (workspace_id, source, lead_id) WHERE deleted_at IS NULL;
CREATE INDEX leads_by_activity ON leads (workspace_id, status, last_activity_at DESC, lead_id DESC)
  WHERE deleted_at IS NULL;
CREATE INDEX leads_words ON leads USING gin (words) WHERE deleted_at IS NULL;

-- Which custom fields there are.
CREATE TABLE lead_fields (
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT lead_fields_name_length CHECK (octet_length(name) BETWEEN 1 AND 64),
  label text NOT NULL CONSTRAINT lead_fields_label_length CHECK (length(label) BETWEEN 1 AND 200),
  type text NOT NULL CONSTRAINT lead_fields_type CHECK (type IN ('text', 'number', 'boolean', 'date')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, name)
);

-- Their values, each in the column of its type; a date is a text that sorts.
CREATE TABLE lead_field_data (
  workspace_id uuid NOT NULL,
  lead_id uuid NOT NULL,
  name text NOT NULL,
  text_value text CONSTRAINT lead_field_data_text_length CHECK (octet_length(text_value) <= 20000),
  number_value numeric,
  boolean_value boolean,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, lead_id, name),
  CONSTRAINT lead_field_data_one_value CHECK (num_nonnulls(text_value, number_value, boolean_value) = 1)
);
CREATE INDEX lead_field_data_text ON lead_field_data (workspace_id, name, left(text_value, 100), lead_id)
  WHERE text_value IS NOT NULL;
CREATE INDEX lead_field_data_number ON lead_field_data (workspace_id, name, number_value, lead_id)
  WHERE number_value IS NOT NULL;

-- Where leads came from.
CREATE TABLE lead_sources (
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT lead_sources_name_length CHECK (octet_length(name) BETWEEN 1 AND 210),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, name)
);

-- What was done to a lead, by whom. `once` makes what comes twice count once: the key of a step, of a submission or of a
-- delivery.
CREATE TABLE lead_events (
  workspace_id uuid NOT NULL,
  lead_id uuid NOT NULL,
  -- Made by the application; orders by time.
  event_id uuid NOT NULL,
  type text NOT NULL CONSTRAINT lead_events_type CHECK (type IN ('created', 'updated', 'status_changed', 'form_submitted',
    'webhook_received', 'note', 'email', 'call', 'meeting', 'deleted')),
  by_kind text NOT NULL CONSTRAINT lead_events_by_kind CHECK (by_kind IN ('user', 'key', 'step', 'form', 'hook')),
  by_name text NOT NULL CONSTRAINT lead_events_by_name_length CHECK (length(by_name) <= 300),
  execution_id uuid,
  once text CONSTRAINT lead_events_once_length CHECK (octet_length(once) BETWEEN 1 AND 250),
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, lead_id, event_id)
);
CREATE UNIQUE INDEX lead_events_once ON lead_events (workspace_id, once) WHERE once IS NOT NULL;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY[
    'lead_pipelines', 'leads', 'lead_fields', 'lead_field_data', 'lead_sources', 'lead_events'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format(
      'CREATE POLICY %I ON %I TO capstan_api, capstan_tenant '
      'USING (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid) '
      'WITH CHECK (workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid)',
      v_table || '_tenant', v_table);
    EXECUTE format('CREATE POLICY %I ON %I TO capstan_worker USING (true) WITH CHECK (true)',
      v_table || '_worker', v_table);
  END LOOP;
END
$$;

-- The API and the steps of workers write leads; the API alone says what states and fields there are. What was done is
-- never changed.
GRANT SELECT, INSERT ON leads, lead_fields, lead_sources, lead_events TO capstan_api, capstan_worker;
GRANT UPDATE (email, email_key, name, phone, company, status, source, consented_at, last_email_at, last_activity_at,
  updated_at, words) ON leads TO capstan_api, capstan_worker;
GRANT UPDATE (deleted_at) ON leads TO capstan_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON lead_field_data TO capstan_api, capstan_worker;
GRANT UPDATE (label, type) ON lead_fields TO capstan_api;
GRANT SELECT, INSERT, UPDATE ON lead_pipelines TO capstan_api;
GRANT SELECT ON lead_pipelines TO capstan_worker;
