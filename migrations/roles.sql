-- The roles of every Capstan database on this server. Run before any migration, under an advisory lock,
-- as often as one likes. No role can log in by itself: a login is granted the role that it works as.
DO $$
DECLARE
  v_role text;
BEGIN
  FOREACH v_role IN ARRAY ARRAY[
    'capstan_api',       -- under row-level security, names the workspace in every statement
    'capstan_access',    -- lets people in: users, sessions, members, keys
    'capstan_starter',   -- may only execute the start function
    'capstan_worker',    -- sees all workspaces of a cell through policies of its own
    'capstan_tenant',    -- domain writes of transactional nodes, for one workspace
    'capstan_resolver'   -- owns the functions that turn a key or slug into one workspace
  ] LOOP
    -- Who may not make roles needs none that is there.
    IF to_regrole(v_role) IS NULL THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', v_role);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- made by another process at this moment
      END;
    END IF;
    IF NOT pg_has_role(current_user, v_role, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', v_role);
    END IF;
  END LOOP;
END
$$;
