-- Alerts: rules of workspaces as data, what is remembered between two looks, and the alerts that were raised.

-- Which numbers a rule has depends on its kind. A workspace without a rule called `failures` has the one that is shipped.
CREATE TABLE alert_rules (
  workspace_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT alert_rules_name_form CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,49}$'),
  kind text NOT NULL CONSTRAINT alert_rules_kind CHECK (kind IN ('failure_rate', 'silence', 'queue_age', 'sla', 'metric')),
  workflow_id uuid,
  window_s int CONSTRAINT alert_rules_window CHECK (window_s BETWEEN 300 AND 86400),
  after_s int CONSTRAINT alert_rules_after CHECK (after_s BETWEEN 60 AND 31536000),
  percent int CONSTRAINT alert_rules_percent CHECK (percent BETWEEN 1 AND 100),
  ended_min int CONSTRAINT alert_rules_ended_min CHECK (ended_min BETWEEN 1 AND 1000),
  metric text CONSTRAINT alert_rules_metric_length CHECK (length(metric) BETWEEN 1 AND 50),
  above bigint CONSTRAINT alert_rules_above CHECK (above >= 0),
  is_mailed boolean NOT NULL,
  is_enabled boolean NOT NULL,
  updated_by text NOT NULL CONSTRAINT alert_rules_updated_by_length CHECK (length(updated_by) <= 300),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, name),
  CONSTRAINT alert_rules_numbers CHECK (
    num_nonnulls(window_s, percent, ended_min) = CASE WHEN kind = 'failure_rate' THEN 3 ELSE 0 END
    AND num_nonnulls(metric, above) = CASE WHEN kind = 'metric' THEN 2 ELSE 0 END
    AND num_nonnulls(after_s) = CASE WHEN kind IN ('silence', 'queue_age', 'sla') THEN 1 ELSE 0 END),
  CONSTRAINT alert_rules_workflow CHECK (
    CASE kind WHEN 'silence' THEN workflow_id IS NOT NULL
              WHEN 'queue_age' THEN workflow_id IS NULL WHEN 'metric' THEN workflow_id IS NULL ELSE true END)
);
CREATE INDEX alert_rules_enabled ON alert_rules (kind, workspace_id, name) WHERE is_enabled;

-- What a rule has seen: executions up to `after_execution` were looked at; of silence, when its workflow last began one; of
-- an SLA, those that were late and open. Of a rule as of `rule_at`: one that was changed begins anew.
CREATE TABLE alert_marks (
  workspace_id uuid NOT NULL,
  name text NOT NULL,
  rule_at timestamptz NOT NULL,
  after_execution uuid NOT NULL,
  seen_at timestamptz,
  late uuid[] NOT NULL DEFAULT '{}' CONSTRAINT alert_marks_late CHECK (cardinality(late) <= 100),
  PRIMARY KEY (workspace_id, name)
);

-- One row for each time that a rule was broken; at most one of a rule is open.
CREATE TABLE alerts (
  workspace_id uuid NOT NULL,
  alert_id uuid NOT NULL,
  rule text NOT NULL,
  -- Which form of the rule; null is the one that is shipped.
  rule_at timestamptz,
  kind text NOT NULL,
  workflow_id uuid,
  -- A sentence for people.
  summary text NOT NULL CONSTRAINT alerts_summary_length CHECK (length(summary) <= 500),
  detail jsonb NOT NULL,
  raised_at timestamptz NOT NULL,
  -- Since when the rule holds again; it has to for a while before the alert is cleared.
  holds_since timestamptz,
  cleared_at timestamptz,
  cleared_because text CONSTRAINT alerts_cleared_because CHECK (cleared_because IN ('recovered', 'rule_changed')),
  is_mailed boolean NOT NULL,
  -- When people are to be told; null once they were.
  mail_due_at timestamptz,
  mail_tries int NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, alert_id),
  CONSTRAINT alerts_cleared CHECK ((cleared_at IS NULL) = (cleared_because IS NULL))
);
CREATE UNIQUE INDEX alerts_open ON alerts (workspace_id, rule) WHERE cleared_at IS NULL;
CREATE INDEX alerts_mail_due ON alerts (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX alerts_cleared_at ON alerts (cleared_at) WHERE cleared_at IS NOT NULL;

-- The round over all rules. Who goes on with it has the row's lock for a moment, and moves it in the transaction that raises and
-- clears. One row.
CREATE TABLE alert_rounds (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT alert_rounds_one CHECK (one),
  next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  stage text NOT NULL DEFAULT 'begin' CONSTRAINT alert_rounds_stage CHECK (stage IN ('begin', 'shipped', 'written')),
  after_kind text NOT NULL DEFAULT '',
  after_workspace uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  after_name text NOT NULL DEFAULT ''
);
INSERT INTO alert_rounds DEFAULT VALUES;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['alert_rules', 'alert_marks', 'alerts'] LOOP
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

-- Alerts that people are to be told of, those that have waited longest first: which, and nothing else. The API tells them,
-- since it alone knows whose members have which address. Uses alerts_mail_due.
CREATE FUNCTION alerts_to_mail_1(p_most int) RETURNS TABLE (workspace_id uuid, alert_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT a.workspace_id, a.alert_id FROM alerts a
   WHERE a.mail_due_at <= clock_timestamp() ORDER BY a.mail_due_at LIMIT p_most
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION alerts_to_mail_1(int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;
GRANT EXECUTE ON FUNCTION alerts_to_mail_1(int) TO capstan_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON alert_rules TO capstan_api;
GRANT SELECT ON alerts TO capstan_api;
GRANT UPDATE (mail_due_at, mail_tries) ON alerts TO capstan_api;
GRANT SELECT ON alert_rules TO capstan_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts, alert_marks TO capstan_worker;
GRANT SELECT, UPDATE ON alert_rounds TO capstan_worker;
