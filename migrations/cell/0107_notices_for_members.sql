-- A notice may be for some members of its workspace, whoever heads it: those of these roles, and these. With neither it is for its heads.

SET LOCAL lock_timeout = '200ms';

ALTER TABLE notices
  ADD COLUMN told_roles text[] NOT NULL DEFAULT '{}'
    CONSTRAINT notices_told_roles_count CHECK (cardinality(told_roles) <= 10),
  ADD COLUMN told_ids uuid[] NOT NULL DEFAULT '{}'
    CONSTRAINT notices_told_ids_count CHECK (cardinality(told_ids) <= 50);

-- As `notices_to_tell_1`, and for whom: notices of all workspaces, the oldest first. Uses notices_noticed_at.
CREATE FUNCTION notices_to_tell_2(p_most int)
RETURNS TABLE (
  workspace_id uuid, notice_key text, kind text, summary text, page text, told_roles text[], told_ids uuid[]
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT
AS $$
  SELECT n.workspace_id, n.notice_key, n.kind, n.summary, n.page, n.told_roles, n.told_ids
    FROM notices n ORDER BY n.noticed_at LIMIT p_most
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION notices_to_tell_2(int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION notices_to_tell_2(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notices_to_tell_2(int) TO capstan_api;
