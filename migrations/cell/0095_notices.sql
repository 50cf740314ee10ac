-- What has happened in a cell that people are to be told of, until the API has told them: it alone knows who they are. And settings of
-- workspaces.

SET LOCAL lock_timeout = '200ms';

-- Written with what it tells of, in one transaction; brought to `control` and removed by the API's processes, and by workers where
-- nobody has come for them. `notice_key`: the same for the same news. `page`: where to look, below the editor.
CREATE TABLE notices (
  workspace_id uuid NOT NULL,
  notice_key text NOT NULL CONSTRAINT notices_key_length CHECK (octet_length(notice_key) BETWEEN 1 AND 200),
  kind text NOT NULL CONSTRAINT notices_kind_length CHECK (length(kind) BETWEEN 1 AND 50),
  summary text NOT NULL CONSTRAINT notices_summary_length CHECK (length(summary) BETWEEN 1 AND 500),
  page text NOT NULL CONSTRAINT notices_page_length CHECK (length(page) <= 200),
  noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, notice_key)
);
CREATE INDEX notices_noticed_at ON notices (noticed_at);

-- Settings of a workspace that somebody has changed. `time_zone` is an IANA name; `quiet` are kinds of news that its people are not told.
CREATE TABLE workspace_settings (
  workspace_id uuid PRIMARY KEY,
  time_zone text NOT NULL CONSTRAINT workspace_settings_time_zone_length CHECK (length(time_zone) BETWEEN 1 AND 64),
  quiet text[] NOT NULL CONSTRAINT workspace_settings_quiet_count CHECK (cardinality(quiet) <= 50),
  updated_by text NOT NULL CONSTRAINT workspace_settings_updated_by_length CHECK (length(updated_by) <= 300),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['notices', 'workspace_settings'] LOOP
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

-- Notices of all workspaces, the oldest first. For the API's processes, which bring them to people. Uses notices_noticed_at.
CREATE FUNCTION notices_to_tell_1(p_most int)
RETURNS TABLE (workspace_id uuid, notice_key text, kind text, summary text, page text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT n.workspace_id, n.notice_key, n.kind, n.summary, n.page FROM notices n ORDER BY n.noticed_at LIMIT p_most
$$;

-- As before (0076), and people are told, too.
CREATE OR REPLACE FUNCTION tell_quota_1(
  p_now timestamptz, p_workspace uuid, p_what text, p_meter text, p_period date, p_units_max bigint, p_hard_max bigint,
  p_used bigint
) RETURNS void
LANGUAGE sql
AS $$
  INSERT INTO events (workspace_id, event_id, client_id, type, key, data, depth)
  VALUES (p_workspace, event_id_1(p_now), concat_ws(':', '$quota', quota_name_1(p_meter), to_char(p_period, 'YYYY-MM'), p_what),
          'quota.' || p_what, quota_name_1(p_meter),
          jsonb_build_object(
            'quota', quota_name_1(p_meter), 'period', to_char(p_period, 'YYYY-MM'), 'limit', p_units_max, 'hard', p_hard_max,
            'used', p_used, 'resets_at', to_char(p_period + interval '1 month', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
          0)
  ON CONFLICT (workspace_id, client_id) DO NOTHING;
  INSERT INTO notices (workspace_id, notice_key, kind, summary, page)
  VALUES (p_workspace, concat_ws(':', 'quota', quota_name_1(p_meter), to_char(p_period, 'YYYY-MM'), p_what), 'quota.' || p_what,
          CASE p_what
            WHEN 'exceeded' THEN format('The most there may be, %s %s, is used up: what comes now is refused.', p_hard_max,
                                        replace(quota_name_1(p_meter), '_', ' '))
            ELSE format('The limit of %s %s is reached.', p_units_max, replace(quota_name_1(p_meter), '_', ' ')) END,
          'usage')
  ON CONFLICT (workspace_id, notice_key) DO NOTHING;
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION notices_to_tell_1(int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION notices_to_tell_1(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notices_to_tell_1(int) TO capstan_api;
GRANT SELECT, DELETE ON notices TO capstan_api;
GRANT SELECT, INSERT, DELETE ON notices TO capstan_worker;
GRANT SELECT, INSERT, UPDATE (time_zone, quiet, updated_by, updated_at) ON workspace_settings TO capstan_api;
GRANT SELECT ON workspace_settings TO capstan_worker;
