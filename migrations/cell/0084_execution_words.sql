-- Words by which executions that have ended, and their logs, are found.

SET LOCAL lock_timeout = '200ms';

-- One row for each execution that has ended, written afterwards by a duty of the workers: starts, claims and commits know nothing of
-- it. It is made of what is kept elsewhere, and can be made anew at any time. By month of the execution's id, like its history.
CREATE TABLE execution_words (
  workspace_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  -- Each word with a mark of the workspace before it, and `e` for the execution or `l` for its log: see word_mark_1.
  words tsvector NOT NULL,
  PRIMARY KEY (workspace_id, execution_id)
) PARTITION BY RANGE (execution_id);
-- What waits to be taken into the index is read by each search, so it is kept short.
CREATE INDEX execution_words_words ON execution_words USING gin (words) WITH (gin_pending_list_limit = 1024);

ALTER TABLE execution_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE execution_words FORCE ROW LEVEL SECURITY;
CREATE POLICY execution_words_tenant ON execution_words FOR SELECT TO capstan_api, capstan_tenant
  USING (workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid);
CREATE POLICY execution_words_worker ON execution_words TO capstan_worker USING (true) WITH CHECK (true);
-- The API reads it through search_words_1 alone.
GRANT SELECT, INSERT, UPDATE, DELETE ON execution_words TO capstan_worker;

-- How far the words of executions are written. Ends come by the transactions of the outbox; executions that had ended before there
-- were words are walked from the newest to the oldest, up to `walked_to`, which is null once all are done. It moves in the transaction
-- that writes the words, under an advisory lock, so one process at a time does it.
CREATE TABLE word_cursor (
  one boolean PRIMARY KEY DEFAULT true CONSTRAINT word_cursor_one CHECK (one),
  xid xid8 NOT NULL,
  event_id uuid NOT NULL,
  walked_to uuid,
  moved_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
INSERT INTO word_cursor (xid, event_id, walked_to)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000',
        'ffffffff-ffff-ffff-ffff-ffffffffffff');
GRANT SELECT, UPDATE (xid, event_id, walked_to, moved_at) ON word_cursor TO capstan_worker;

-- What stands before each word of a workspace, so that a look into the index meets words of no other one. Two workspaces might have
-- the same mark: that costs time, and shows nothing, as rows are held to their workspace as well.
CREATE FUNCTION word_mark_1(p_workspace uuid, p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT left(md5(p_workspace::text), 12) || p_kind
$$;

-- Writes the words of executions, each once in each list, with blanks between them. A row that is there is replaced. One whose month
-- is not there any more is left out.
CREATE FUNCTION write_words_1(p_executions uuid[], p_workspaces uuid[], p_words text[], p_log_words text[]) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_written int;
BEGIN
  INSERT INTO execution_words (workspace_id, execution_id, words)
  SELECT s.workspace_id, s.execution_id, array_to_tsvector(ARRAY(
           SELECT word_mark_1(s.workspace_id, 'e') || w.word FROM unnest(string_to_array(s.words, ' ')) AS w (word) WHERE w.word <> ''
           UNION ALL
           SELECT word_mark_1(s.workspace_id, 'l') || w.word FROM unnest(string_to_array(s.log_words, ' ')) AS w (word) WHERE w.word <> ''))
    FROM unnest(p_executions, p_workspaces, p_words, p_log_words) AS s (execution_id, workspace_id, words, log_words)
   WHERE to_regclass(format('execution_words_%s', to_char(to_timestamp(
           ('x' || left(replace(s.execution_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC', 'YYYY_MM'))) IS NOT NULL
  ON CONFLICT (workspace_id, execution_id) DO UPDATE SET words = EXCLUDED.words;
  GET DIAGNOSTICS v_written = ROW_COUNT;
  RETURN v_written;
END
$$;

-- Executions of a workspace that have all these words, newest first, from `p_from` on and before `p_before`: at most `p_most`. A word
-- of three characters or more also stands for what it begins. Where not all could be looked at, `reached` says before which to go on.
--
-- No operator of text search is leak-proof, so under row-level security no condition with one is looked up in an index. This runs as
-- the role of workers instead, for the workspace that the transaction names and for no other, and holds rows to it by itself.
-- First it looks through the newest 1,000 (execution_words_pkey), where common words are found at once; then it asks the index of words
-- (execution_words_words). What so many executions have that the index is of no use is looked for 1,000 at a time.
CREATE FUNCTION search_words_1(
  p_workspace uuid, p_kind text, p_words text[], p_from uuid, p_before uuid, p_most int, OUT execution_ids uuid[], OUT reached uuid
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  c_newest CONSTANT int := 1000;
  c_matches CONSTANT int := 20000;
  v_mark text := word_mark_1(p_workspace, p_kind);
  v_word text;
  v_query tsquery;
  v_count int;
  v_rest uuid[];
BEGIN
  execution_ids := '{}';
  IF p_workspace IS DISTINCT FROM nullif(current_setting('app.workspace_id', true), '')::uuid THEN
    RETURN;
  END IF;
  FOREACH v_word IN ARRAY p_words LOOP
    v_word := format('''%s''%s', replace(replace(v_mark || v_word, '\', '\\'), '''', ''''''),
      CASE WHEN length(v_word) >= 3 THEN ':*' ELSE '' END);
    v_query := CASE WHEN v_query IS NULL THEN v_word::tsquery ELSE v_query && v_word::tsquery END;
  END LOOP;
  IF v_query IS NULL THEN
    RETURN;
  END IF;
  WITH looked_at AS MATERIALIZED (
    SELECT w.execution_id, w.words FROM execution_words w
     WHERE w.workspace_id = p_workspace AND w.execution_id >= p_from AND w.execution_id < p_before
     ORDER BY w.execution_id DESC LIMIT c_newest)
  SELECT ARRAY(SELECT l.execution_id FROM looked_at l WHERE l.words @@ v_query ORDER BY l.execution_id DESC LIMIT p_most),
         (SELECT count(*) FROM looked_at),
         (SELECT l.execution_id FROM looked_at l ORDER BY l.execution_id LIMIT 1)
    INTO execution_ids, v_count, reached;
  IF v_count < c_newest THEN
    reached := CASE WHEN cardinality(execution_ids) >= p_most THEN execution_ids[p_most] END;
    RETURN;
  END IF;
  IF cardinality(execution_ids) >= p_most THEN
    reached := execution_ids[p_most];
    RETURN;
  END IF;
  -- No other condition is in reach of the planner, so that no other index is. Such an index makes bitmaps only; the function sets it back.
  PERFORM set_config('enable_bitmapscan', 'on', true);
  WITH matched AS MATERIALIZED (
    SELECT w.workspace_id, w.execution_id FROM execution_words w WHERE w.words @@ v_query LIMIT c_matches + 1)
  SELECT (SELECT count(*) FROM matched),
         ARRAY(SELECT m.execution_id FROM matched m
                WHERE m.workspace_id = p_workspace AND m.execution_id >= p_from AND m.execution_id < reached
                ORDER BY m.execution_id DESC LIMIT p_most - cardinality(execution_ids))
    INTO v_count, v_rest;
  IF v_count > c_matches THEN
    RETURN; -- go on before `reached`
  END IF;
  execution_ids := execution_ids || v_rest;
  reached := CASE WHEN cardinality(execution_ids) >= p_most THEN execution_ids[p_most] END;
END
$$;

-- The tables of months: those that are there get one for their words, and so do the ones that are made and dropped from now on.
CREATE OR REPLACE FUNCTION make_months_1() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_parent text;
  v_month timestamptz;
  v_name text;
  v_made int := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#months'), 0);
  FOR i IN -1 .. 2 LOOP
    v_month := date_trunc('month', clock_timestamp(), 'UTC') + make_interval(months => i);
    v_month := date_trunc('month', v_month AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    FOREACH v_parent IN ARRAY ARRAY['executions', 'journal', 'execution_logs', 'usage', 'execution_words'] LOOP
      v_name := v_parent || to_char(v_month AT TIME ZONE 'UTC', '_YYYY_MM');
      IF to_regclass(quote_ident(v_name)) IS NULL THEN
        PERFORM make_month_1(v_parent, v_name, v_month);
        v_made := v_made + 1;
      END IF;
    END LOOP;
  END LOOP;
  RETURN v_made;
END
$$;

-- Makes the table of one month.
CREATE FUNCTION make_month_1(p_parent text, p_name text, p_month timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
  -- Attached, not made as a partition: that would lock the parent against everybody.
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', p_name, p_parent);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', p_parent, p_name,
    uuid_floor_1(p_month),
    uuid_floor_1(((p_month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'));
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', p_name);
  EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', p_name);
END
$$;

DO $$
DECLARE
  v_month text;
BEGIN
  FOR v_month IN SELECT right(c.relname, 8) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                  WHERE i.inhparent = 'executions'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' LOOP
    PERFORM make_month_1('execution_words', 'execution_words' || v_month,
      to_date(v_month, '_YYYY_MM')::timestamp AT TIME ZONE 'UTC');
  END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION old_months_1() RETURNS SETOF date
LANGUAGE sql STABLE SET search_path FROM CURRENT
AS $$
  SELECT DISTINCT m.month
    FROM pg_class c,
         LATERAL (SELECT CASE WHEN c.relname ~ '^(executions|execution_words|journal|execution_logs|usage)_[0-9]{4}_(0[1-9]|1[0-2])$'
                              THEN to_date(right(c.relname, 7), 'YYYY_MM') END AS month) m,
         retention r
   WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
     AND (m.month + interval '1 month') AT TIME ZONE 'UTC' <= clock_timestamp() - make_interval(days => r.keep_days)
   ORDER BY m.month
$$;

-- As before, with the words behind the executions. They are in no archive: what they are made of is.
CREATE OR REPLACE FUNCTION drop_month_1(p_month date) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '200ms'
AS $$
DECLARE
  v_parent text;
  v_name text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '#months'), 0);
  PERFORM FROM history_months h, retention r
    WHERE h.month = p_month AND h.dropped_at IS NULL AND r.keep_days IS NOT NULL
      AND (h.archived_at IS NOT NULL OR NOT r.is_archived);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the month % is not closed, or not archived', p_month USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  IF EXISTS (SELECT FROM old_months_1() o (month) WHERE o.month = p_month) THEN
    FOREACH v_parent IN ARRAY ARRAY['executions', 'execution_words', 'journal', 'execution_logs', 'usage'] LOOP
      v_name := v_parent || to_char(p_month, '_YYYY_MM');
      CONTINUE WHEN to_regclass(quote_ident(v_name)) IS NULL;
      IF EXISTS (SELECT FROM pg_inherits i
                  WHERE i.inhrelid = to_regclass(quote_ident(v_name)) AND i.inhparent = to_regclass(v_parent)) THEN
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', v_parent, v_name);
      END IF;
      EXECUTE format('DROP TABLE %I', v_name);
      RETURN v_name;
    END LOOP;
  END IF;
  IF to_regclass(quote_ident('usage' || to_char(p_month, '_YYYY_MM'))) IS NULL THEN
    UPDATE history_months SET dropped_at = clock_timestamp() WHERE month = p_month;
  ELSE
    DELETE FROM history_months WHERE month = p_month; -- the operator keeps it after all
  END IF;
  RETURN NULL;
END
$$;

REVOKE ALL ON FUNCTION word_mark_1(uuid, text), write_words_1(uuid[], uuid[], text[], text[]),
  search_words_1(uuid, text, text[], uuid, uuid, int), make_month_1(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION word_mark_1(uuid, text), write_words_1(uuid[], uuid[], text[], text[]) TO capstan_worker;
GRANT EXECUTE ON FUNCTION search_words_1(uuid, text, text[], uuid, uuid, int) TO capstan_api;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION search_words_1(uuid, text, text[], uuid, uuid, int) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
