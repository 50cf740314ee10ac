-- Its foreign key waits for who makes workflows.
SET LOCAL lock_timeout = '200ms';

-- Automation rules: what a rule says, and the workflow that it was compiled to. The graph is an ordinary one; nothing but the
-- API reads this table.

-- `draft_revision` and `version` are those that the rule was compiled to last: if its workflow has others, somebody has
-- changed it by hand, and it is compiled no more. While a rule is disabled, no version of its workflow has triggers.
CREATE TABLE automation_rules (
  workspace_id uuid NOT NULL,
  rule_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT automation_rules_name_length CHECK (length(name) BETWEEN 1 AND 200),
  definition jsonb NOT NULL
    CONSTRAINT automation_rules_definition_length CHECK (octet_length(definition::text) <= 131072),
  is_enabled boolean NOT NULL,
  revision int NOT NULL DEFAULT 1,
  draft_revision int NOT NULL,
  version int NOT NULL,
  updated_by text NOT NULL CONSTRAINT automation_rules_updated_by_length CHECK (length(updated_by) <= 300),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, rule_id),
  CONSTRAINT automation_rules_workflow UNIQUE (workspace_id, workflow_id),
  FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows
);

ALTER TABLE automation_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE automation_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY automation_rules_tenant ON automation_rules TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid)
  WITH CHECK (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY automation_rules_worker ON automation_rules TO capstan_worker USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, DELETE ON automation_rules TO capstan_api;
GRANT UPDATE (name, definition, is_enabled, revision, draft_revision, version, updated_by, updated_at)
  ON automation_rules TO capstan_api;
