-- Flow control of starts: how fast they come, which wait, which become one, and who goes first within a workspace's share.
-- A start without it goes through start_1 and meets nothing of this (docs/decisions/0025).
-- Long for one reason: a third of it is claim_2, whose body can only be replaced as a whole.

-- From when on a rate owes nothing: the one moment of the generic cell rate algorithm. A row whose time is past says
-- nothing, and goes. `rule` and `key` are those of the workflow's document, the key as it came out.
CREATE TABLE flow_rates (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  rule text NOT NULL CONSTRAINT flow_rates_rule CHECK (rule IN ('rate_limit', 'throttle')),
  key text NOT NULL CONSTRAINT flow_rates_key_length CHECK (octet_length(key) <= 200),
  next_at timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, workflow_id, rule, key)
) WITH (fillfactor = 50);
CREATE INDEX flow_rates_next_at ON flow_rates (next_at);

-- Executions to be, with the id that they will have. `lane` is the trigger, where those of different triggers stay apart.
-- `due_at` is when the next look is worth it: a singleton's waits for an end and is looked at each second. What a batch
-- gathers lies in pending_inputs. `starts` is how many came.
CREATE TABLE pending_starts (
  execution_id uuid PRIMARY KEY,
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  version_id uuid NOT NULL,
  trigger_node_id text NOT NULL,
  rule text NOT NULL CONSTRAINT pending_starts_rule CHECK (rule IN ('debounce', 'batch', 'singleton')),
  lane text NOT NULL,
  key text NOT NULL CONSTRAINT pending_starts_key_length CHECK (octet_length(key) <= 200),
  input jsonb,
  timeout_ms bigint,
  vt bigint NOT NULL,
  priority smallint,
  starts int NOT NULL DEFAULT 1 CONSTRAINT pending_starts_starts CHECK (starts >= 1),
  bytes bigint NOT NULL DEFAULT 0,
  first_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  CONSTRAINT pending_starts_key UNIQUE (workspace_id, workflow_id, rule, lane, key),
  CONSTRAINT pending_starts_input CHECK ((rule = 'batch') = (input IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX pending_starts_due_at ON pending_starts (due_at);

CREATE TABLE pending_inputs (
  execution_id uuid NOT NULL,
  place int NOT NULL,
  workspace_id uuid NOT NULL,
  input jsonb NOT NULL,
  PRIMARY KEY (execution_id, place)
);

-- Which execution of a key was the last to be let in: while it has not ended, no other one is.
CREATE TABLE singletons (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  key text NOT NULL CONSTRAINT singletons_key_length CHECK (octet_length(key) <= 200),
  execution_id uuid NOT NULL,
  PRIMARY KEY (workspace_id, workflow_id, key)
) WITH (fillfactor = 50);

-- Executions with a priority whose turn has not come, the lowest rank first: the priority with the other sign. Each came
-- with one token, whose `losses` is -1: it is the turn of whichever of its workspace is then first. So the tokens of a
-- workspace stand where they would stand without priorities.
CREATE TABLE prioritised (
  workspace_id uuid NOT NULL,
  rank smallint NOT NULL,
  execution_id uuid NOT NULL,
  PRIMARY KEY (workspace_id, rank, execution_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- How a start was answered that did not begin at once, for its repetitions.
ALTER TABLE idempotency_keys ADD COLUMN verdict text
  CONSTRAINT idempotency_keys_verdict CHECK (verdict IN ('throttled', 'pending', 'skipped'));

-- The generic cell rate algorithm, as engine::core::flow has it, too: when a start at `p_now` may be, and from when on the
-- rate owes nothing if it is.
CREATE FUNCTION gcra_1(
  p_next timestamptz, p_now timestamptz, p_interval_us bigint, p_burst bigint,
  OUT start_at timestamptz, OUT next_at timestamptz
)
LANGUAGE sql IMMUTABLE
AS $$
  SELECT greatest(p_now, f.from_at - (p_burst - 1) * p_interval_us * interval '1 microsecond'),
         f.from_at + p_interval_us * interval '1 microsecond'
    FROM (SELECT greatest(p_next, p_now) AS from_at) AS f
$$;

-- A token for a new execution; with a priority one that is the turn of whoever is first.
CREATE FUNCTION line_up_1(p_workspace uuid, p_execution uuid, p_vt bigint, p_priority smallint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF p_priority IS NOT NULL THEN
    INSERT INTO prioritised (workspace_id, rank, execution_id)
    VALUES (p_workspace, (-p_priority)::smallint, p_execution);
  END IF;
  INSERT INTO queue (vt, execution_id, workspace_id, fresh, losses)
  SELECT greatest(p_vt, f.vt), p_execution, p_workspace, true, CASE WHEN p_priority IS NULL THEN 0 ELSE -1 END
    FROM queue_front f;
END
$$;

-- Makes the execution of a start, at once or, with a timer instead of a token, at `p_at`.
CREATE FUNCTION begin_start_1(s jsonb, p_at timestamptz) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  v_id uuid := s ->> 'execution_id';
  v_workspace uuid := s ->> 'workspace_id';
BEGIN
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
  VALUES (v_id, v_workspace, (s ->> 'workflow_id')::uuid, (s ->> 'version_id')::uuid, s ->> 'trigger', s -> 'input',
          coalesce(p_at, clock_timestamp()) + (s ->> 'timeout_ms')::bigint * interval '1 millisecond');
  IF p_at IS NULL THEN
    PERFORM line_up_1(v_workspace, v_id, (s ->> 'vt')::bigint, (s ->> 'priority')::smallint);
  ELSE
    INSERT INTO timers (execution_id, workspace_id, due_at) VALUES (v_id, v_workspace, p_at);
  END IF;
END
$$;

-- Makes the execution that was pending; its rows go. The caller has the row locked.
CREATE FUNCTION begin_pending_1(p_execution uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  p pending_starts;
BEGIN
  DELETE FROM pending_starts d WHERE d.execution_id = p_execution RETURNING d.* INTO p;
  IF p.rule = 'batch' THEN
    WITH gone AS (
      DELETE FROM pending_inputs i WHERE i.execution_id = p_execution RETURNING i.place, i.input
    )
    SELECT jsonb_agg(g.input ORDER BY g.place) INTO p.input FROM gone g;
  END IF;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, deadline_at)
  VALUES (p.execution_id, p.workspace_id, p.workflow_id, p.version_id, p.trigger_node_id, p.input,
          clock_timestamp() + p.timeout_ms * interval '1 millisecond');
  PERFORM line_up_1(p.workspace_id, p.execution_id, p.vt, p.priority);
END
$$;

-- A start that begins to wait. Answers whether there was room for it in its workspace.
CREATE FUNCTION hold_start_1(s jsonb, p_rule text, p_lane text, p_now timestamptz, p_due timestamptz, p_pending_max int)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  v_id uuid := s ->> 'execution_id';
  v_workspace uuid := s ->> 'workspace_id';
  v_is_batch boolean := p_rule = 'batch';
BEGIN
  IF (SELECT count(*) FROM (SELECT FROM pending_starts p WHERE p.workspace_id = v_workspace LIMIT p_pending_max) AS c)
     >= p_pending_max THEN
    RETURN false;
  END IF;
  INSERT INTO pending_starts (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, rule, lane, key, input,
                              timeout_ms, vt, priority, bytes, first_at, due_at)
  VALUES (v_id, v_workspace, (s ->> 'workflow_id')::uuid, (s ->> 'version_id')::uuid, s ->> 'trigger', p_rule, p_lane,
          s -> 'hold' ->> 'key', CASE WHEN NOT v_is_batch THEN s -> 'input' END, (s ->> 'timeout_ms')::bigint,
          (s ->> 'vt')::bigint, (s ->> 'priority')::smallint, (s ->> 'bytes')::bigint, p_now, p_due);
  IF v_is_batch THEN
    INSERT INTO pending_inputs (execution_id, place, workspace_id, input) VALUES (v_id, 1, v_workspace, s -> 'input');
  END IF;
  RETURN true;
END
$$;

-- What becomes of a start that is held back: `pending` (the first, with its own id), `joined` (it is part of another that is
-- pending), `filled` (and that begins now), `started`, `skipped` (another one is at work), `full` (too much is pending in
-- the workspace). Locks, under the advisory lock of the key: the row that is pending, then that of the singleton.
CREATE FUNCTION hold_1(
  s jsonb, p_now timestamptz, p_bytes_max bigint, p_pending_max int,
  OUT execution_id uuid, OUT verdict text, OUT until_at timestamptz, OUT starts int
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_hold jsonb := s -> 'hold';
  v_rule text := v_hold ->> 'rule';
  v_key text := v_hold ->> 'key';
  v_lane text := CASE WHEN v_rule = 'singleton' THEN '' ELSE s ->> 'trigger' END;
  v_workspace uuid := s ->> 'workspace_id';
  v_workflow uuid := s ->> 'workflow_id';
  v_period interval := (v_hold ->> 'period_ms')::bigint * interval '1 millisecond';
  v_wait interval := (v_hold ->> 'wait_ms')::bigint * interval '1 millisecond';
  v_bytes bigint := (s ->> 'bytes')::bigint;
  v_due timestamptz := CASE v_rule WHEN 'debounce' THEN p_now + least(v_period, v_wait) WHEN 'batch' THEN p_now + v_wait
                                   ELSE p_now END;
  p pending_starts;
  v_holder uuid;
BEGIN
  execution_id := s ->> 'execution_id';
  SELECT w.* INTO p FROM pending_starts w
   WHERE w.workspace_id = v_workspace AND w.workflow_id = v_workflow AND w.rule = v_rule AND w.lane = v_lane
     AND w.key = v_key FOR UPDATE;
  -- Whose time has come, or who has no room for this one, begins without it.
  IF p.execution_id IS NOT NULL AND v_rule <> 'singleton'
     AND (p.due_at <= p_now OR (v_rule = 'batch' AND p.bytes + v_bytes > p_bytes_max)) THEN
    PERFORM begin_pending_1(p.execution_id);
    p := NULL;
  END IF;
  IF v_rule = 'singleton' AND p.execution_id IS NULL THEN
    SELECT g.execution_id INTO v_holder FROM singletons g
     WHERE g.workspace_id = v_workspace AND g.workflow_id = v_workflow AND g.key = v_key FOR UPDATE;
    IF v_holder IS NULL OR NOT EXISTS (
         SELECT FROM executions e WHERE e.execution_id = v_holder AND e.ended_at IS NULL) THEN
      INSERT INTO singletons (workspace_id, workflow_id, key, execution_id)
      VALUES (v_workspace, v_workflow, v_key, hold_1.execution_id)
      ON CONFLICT ON CONSTRAINT singletons_pkey DO UPDATE SET execution_id = excluded.execution_id;
      PERFORM begin_start_1(s, NULL);
      verdict := 'started';
      RETURN;
    ELSIF v_hold ->> 'mode' = 'skip' THEN
      execution_id := v_holder;
      verdict := 'skipped';
      RETURN;
    END IF;
  END IF;
  IF p.execution_id IS NULL THEN
    verdict := CASE WHEN hold_start_1(s, v_rule, v_lane, p_now, v_due, p_pending_max) THEN 'pending' ELSE 'full' END;
    until_at := CASE WHEN v_rule <> 'singleton' THEN v_due END;
    starts := 1;
    IF verdict = 'pending' AND v_hold ->> 'mode' = 'cancel' THEN
      INSERT INTO signals (execution_id, signal_id, workspace_id, name, payload)
      VALUES (v_holder, gen_random_uuid(), v_workspace, '$cancel',
              '{"reason": "a newer start of this singleton takes its place", "force": false}');
      INSERT INTO queue (vt, execution_id, workspace_id, fresh) SELECT f.vt, v_holder, v_workspace, false FROM queue_front f;
      -- As with any cancel: clean-up goes on though it was paused.
      UPDATE executions e SET status = 'queued'
       WHERE e.execution_id = v_holder AND e.workspace_id = v_workspace AND e.status = 'paused';
    END IF;
    RETURN;
  ELSIF v_hold ->> 'mode' = 'skip' THEN
    -- It waits since a version that let it.
    execution_id := p.execution_id;
    verdict := 'skipped';
    RETURN;
  END IF;
  execution_id := p.execution_id;
  UPDATE pending_starts w
     SET version_id = (s ->> 'version_id')::uuid, trigger_node_id = s ->> 'trigger', starts = w.starts + 1,
         timeout_ms = (s ->> 'timeout_ms')::bigint, priority = (s ->> 'priority')::smallint,
         input = CASE WHEN v_rule <> 'batch' THEN s -> 'input' END, bytes = w.bytes + v_bytes,
         due_at = CASE v_rule WHEN 'debounce' THEN least(p_now + v_period, w.first_at + v_wait)
                              WHEN 'batch' THEN least(w.due_at, w.first_at + v_wait) ELSE w.due_at END
   WHERE w.execution_id = p.execution_id
  RETURNING CASE WHEN v_rule <> 'singleton' THEN w.due_at END, w.starts INTO until_at, starts;
  verdict := 'joined';
  IF v_rule = 'batch' THEN
    INSERT INTO pending_inputs (execution_id, place, workspace_id, input)
    VALUES (p.execution_id, starts, v_workspace, s -> 'input');
    IF starts >= (v_hold ->> 'size')::int THEN
      PERFORM begin_pending_1(p.execution_id);
      verdict := 'filled';
    END IF;
  END IF;
END
$$;

-- Judges one start that is no repetition. Beside the verdicts of hold_1: `throttled` (it begins at `until_at`), `limited`
-- (nothing was written; `until_at` is when it is worth asking again) and `late` (the throttle would hold it for longer than
-- allowed).
CREATE FUNCTION judge_start_1(
  s jsonb, p_bytes_max bigint, p_pending_max int, p_delay_ms_max bigint,
  OUT execution_id uuid, OUT verdict text, OUT until_at timestamptz, OUT starts int
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_now timestamptz := clock_timestamp();
  v_workspace uuid := s ->> 'workspace_id';
  v_workflow uuid := s ->> 'workflow_id';
  v_rule text;
  v_field text;
  v_wish jsonb;
  v_slot record;
  v_next timestamptz[] := '{}';
  v_rules text[] := '{}';
  v_keys text[] := '{}';
BEGIN
  execution_id := s ->> 'execution_id';
  FOREACH v_rule IN ARRAY ARRAY['rate_limit', 'throttle'] LOOP
    v_wish := s -> CASE v_rule WHEN 'rate_limit' THEN 'rate' ELSE v_rule END;
    CONTINUE WHEN v_wish IS NULL;
    SELECT g.start_at, g.next_at INTO v_slot
      FROM gcra_1((SELECT r.next_at FROM flow_rates r
                    WHERE r.workspace_id = v_workspace AND r.workflow_id = v_workflow AND r.rule = v_rule
                      AND r.key = v_wish ->> 'key'),
                  v_now, (v_wish ->> 'interval_us')::bigint, (v_wish ->> 'burst')::bigint) AS g;
    IF v_rule = 'rate_limit' AND v_slot.start_at > v_now THEN
      verdict := 'limited';
      until_at := v_slot.start_at;
      RETURN;
    ELSIF v_slot.start_at > v_now + p_delay_ms_max * interval '1 millisecond' THEN
      verdict := 'late';
      until_at := v_slot.start_at - p_delay_ms_max * interval '1 millisecond';
      RETURN;
    ELSIF v_slot.start_at > v_now THEN
      until_at := v_slot.start_at;
    END IF;
    v_next := v_next || v_slot.next_at;
    v_rules := v_rules || v_rule;
    v_keys := v_keys || (v_wish ->> 'key');
  END LOOP;
  IF s ? 'hold' THEN
    SELECT h.execution_id, h.verdict, h.until_at, h.starts INTO execution_id, verdict, until_at, starts
      FROM hold_1(s, v_now, p_bytes_max, p_pending_max) AS h;
    IF verdict IN ('skipped', 'full') THEN
      RETURN;
    END IF;
  ELSE
    PERFORM begin_start_1(s, until_at);
    verdict := CASE WHEN until_at IS NULL THEN 'started' ELSE 'throttled' END;
  END IF;
  -- Only what is let in counts.
  INSERT INTO flow_rates (workspace_id, workflow_id, rule, key, next_at)
  SELECT v_workspace, v_workflow, v_rules[n], v_keys[n], v_next[n] FROM generate_series(1, cardinality(v_rules)) AS n
  ON CONFLICT ON CONSTRAINT flow_rates_pkey DO UPDATE SET next_at = excluded.next_at;
END
$$;

-- Starts executions as their flow control says, as start_1 does those without. Each of `p_starts` has `n`, from 1. Besides
-- the verdicts of judge_start_1 there is `conflict`; a repetition has `replayed` and the verdict `started`, `throttled`,
-- `pending` or `skipped` of the first. What is refused leaves no key behind, so that it may come again.
-- Locks: idempotency keys in key order, then an advisory lock for each key of a rule, in the order of their numbers, then
-- what judge_start_1 does. Uses keys throughout.
CREATE FUNCTION start_flow_1(p_starts text, p_bytes_max bigint, p_pending_max int, p_delay_ms_max bigint)
RETURNS TABLE (
  ordinal int, execution_id uuid, verdict text, replayed boolean, until_at timestamptz, wait_ms bigint, starts int, front bigint
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
DECLARE
  v_starts jsonb := p_starts::jsonb;
  v_made uuid[];
  s jsonb;
  v_hash bytea;
BEGIN
  front := (SELECT f.vt FROM queue_front f);
  WITH made AS (
    INSERT INTO idempotency_keys AS k (workspace_id, key_hash, request_hash, execution_id)
    SELECT i.workspace_id, decode(i.key_hash, 'hex'), decode(i.request_hash, 'hex'), i.execution_id
      FROM jsonb_to_recordset(v_starts) AS i (execution_id uuid, workspace_id uuid, key_hash text, request_hash text)
     WHERE i.key_hash IS NOT NULL
     ORDER BY i.workspace_id, i.key_hash
    ON CONFLICT DO NOTHING
    RETURNING k.execution_id
  )
  SELECT coalesce(array_agg(m.execution_id), '{}') INTO v_made FROM made m;
  PERFORM pg_advisory_xact_lock(l.number)
     FROM (SELECT DISTINCT hashtextextended(
                    concat_ws('#', current_schema(), i ->> 'workspace_id', i ->> 'workflow_id', r.kind,
                              i -> r.kind ->> 'key'), 0)
                    AS number
             FROM jsonb_array_elements(v_starts) AS i CROSS JOIN (VALUES ('rate'), ('throttle'), ('hold')) AS r (kind)
            WHERE i ? r.kind
            ORDER BY 1 OFFSET 0) AS l;
  FOR s IN SELECT i FROM jsonb_array_elements(v_starts) WITH ORDINALITY AS i (i, n) ORDER BY n LOOP
    ordinal := s ->> 'n';
    execution_id := s ->> 'execution_id';
    v_hash := decode(s ->> 'key_hash', 'hex');
    replayed := false;
    verdict := NULL;
    until_at := NULL;
    starts := NULL;
    wait_ms := NULL;
    IF v_hash IS NOT NULL AND execution_id <> ALL (v_made) THEN
      SELECT k.execution_id, CASE WHEN k.request_hash = decode(s ->> 'request_hash', 'hex')
                                  THEN coalesce(k.verdict, 'started') ELSE 'conflict' END, true
        INTO execution_id, verdict, replayed
        FROM idempotency_keys k WHERE k.workspace_id = (s ->> 'workspace_id')::uuid AND k.key_hash = v_hash;
      -- The same key in the same call, and that one was refused.
      IF NOT FOUND THEN
        execution_id := s ->> 'execution_id';
        verdict := 'limited';
        replayed := false;
      END IF;
    ELSE
      SELECT j.execution_id, j.verdict, j.until_at, j.starts INTO execution_id, verdict, until_at, starts
        FROM judge_start_1(s, p_bytes_max, p_pending_max, p_delay_ms_max) AS j;
      IF verdict IN ('limited', 'late', 'full') THEN
        DELETE FROM idempotency_keys k WHERE k.workspace_id = (s ->> 'workspace_id')::uuid AND k.key_hash = v_hash;
      ELSIF v_hash IS NOT NULL AND verdict <> 'started' THEN
        UPDATE idempotency_keys k
           SET execution_id = start_flow_1.execution_id,
               verdict = CASE start_flow_1.verdict WHEN 'joined' THEN 'pending' WHEN 'filled' THEN NULL
                                                   ELSE start_flow_1.verdict END
         WHERE k.workspace_id = (s ->> 'workspace_id')::uuid AND k.key_hash = v_hash;
      END IF;
    END IF;
    wait_ms := ceil(extract(epoch FROM until_at - clock_timestamp()) * 1000);
    RETURN NEXT;
  END LOOP;
END
$$;

-- Begins what is pending and due, at most `p_room`; answers how many began, and in how many milliseconds the next is due.
-- A singleton's whose turn has not come is looked at again in a second. Any number of workers may do it at once, and one that
-- dies has begun nothing. Uses pending_starts_due_at. Locks: the rows, skipping those of others, then singletons.
CREATE FUNCTION drain_starts_1(p_room int, OUT begun int, OUT next_ms bigint)
LANGUAGE plpgsql
AS $$
DECLARE
  v_now timestamptz := clock_timestamp(); -- as a value: a volatile function would not end the index scan
  p pending_starts;
BEGIN
  begun := 0;
  FOR p IN
    SELECT w.* FROM pending_starts w WHERE w.due_at <= v_now ORDER BY w.due_at LIMIT p_room FOR UPDATE SKIP LOCKED
  LOOP
    IF p.rule = 'singleton' THEN
      IF EXISTS (
           SELECT FROM singletons g
            WHERE g.workspace_id = p.workspace_id AND g.workflow_id = p.workflow_id AND g.key = p.key
              AND (SELECT e.ended_at IS NULL FROM executions e WHERE e.execution_id = g.execution_id LIMIT 1)) THEN
        UPDATE pending_starts w SET due_at = v_now + least(interval '5 seconds', greatest(interval '1 second', (v_now - w.first_at) / 16))
         WHERE w.execution_id = p.execution_id;
        CONTINUE;
      END IF;
      INSERT INTO singletons (workspace_id, workflow_id, key, execution_id)
      VALUES (p.workspace_id, p.workflow_id, p.key, p.execution_id)
      ON CONFLICT ON CONSTRAINT singletons_pkey DO UPDATE SET execution_id = excluded.execution_id;
    END IF;
    PERFORM begin_pending_1(p.execution_id);
    begun := begun + 1;
  END LOOP;
  SELECT ceil(extract(epoch FROM min(w.due_at) - clock_timestamp()) * 1000) INTO next_ms FROM pending_starts w;
END
$$;

-- Takes what is pending out before it begins: it is an execution that was cancelled, of the workspace of this transaction.
-- Answers whether it was pending.
CREATE FUNCTION cancel_pending_1(p_execution uuid, p_event uuid, p_reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  p pending_starts;
BEGIN
  DELETE FROM pending_starts w
   WHERE w.execution_id = p_execution AND w.workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid
  RETURNING w.* INTO p;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p.rule = 'batch' THEN
    WITH gone AS (
      DELETE FROM pending_inputs i WHERE i.execution_id = p_execution RETURNING i.place, i.input
    )
    SELECT jsonb_agg(g.input ORDER BY g.place) INTO p.input FROM gone g;
  END IF;
  INSERT INTO executions (execution_id, workspace_id, workflow_id, version_id, trigger_node_id, input, status,
                          error, ended_at)
  VALUES (p.execution_id, p.workspace_id, p.workflow_id, p.version_id, p.trigger_node_id, p.input, 'cancelled',
          jsonb_build_object('reason', p_reason), clock_timestamp());
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (p_event, p.workspace_id, 'execution.cancelled', p.execution_id, '{}');
  RETURN true;
END
$$;

-- Removes rates that owe nothing and singletons whose execution has ended; answers how many rows.
CREATE FUNCTION tidy_flow_1(p_bite int) RETURNS int
LANGUAGE plpgsql
AS $$
DECLARE
  v_rows int;
  v_ended int;
  v_locked tid[];
BEGIN
  DELETE FROM flow_rates r WHERE r.ctid = ANY (ARRAY(
    SELECT x.ctid FROM flow_rates x WHERE x.next_at < clock_timestamp() ORDER BY x.next_at LIMIT p_bite
       FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  v_locked := ARRAY(
    SELECT g.ctid FROM singletons g
     WHERE NOT EXISTS (SELECT FROM executions e WHERE e.execution_id = g.execution_id AND e.ended_at IS NULL)
     LIMIT p_bite FOR UPDATE SKIP LOCKED);
  -- Looked at again once they are locked: a start may have come between.
  DELETE FROM singletons g
   WHERE g.ctid = ANY (v_locked)
     AND NOT EXISTS (SELECT FROM executions e WHERE e.execution_id = g.execution_id AND e.ended_at IS NULL);
  GET DIAGNOSTICS v_ended = ROW_COUNT;
  RETURN v_rows + v_ended;
END
$$;

-- Whose turn it is: of what a claim took, each token with a `turn` goes to the execution of its workspace that is first then.
-- One whose other token was taken with it has been woken, and comes whoever is first. Answers no execution twice. As tokens
-- and rows come and go together, none is without the other. Uses the key of prioritised. Locks rows of it, skipping those of
-- other claims.
CREATE FUNCTION take_turns_1(
  p_ids uuid[], p_workspaces uuid[], p_fresh boolean[], p_losses smallint[], p_vts bigint[], p_turns boolean[]
) RETURNS TABLE (execution_id uuid, workspace_id uuid, fresh boolean, losses smallint, vt bigint)
LANGUAGE sql ROWS 100
AS $$
  WITH tokens AS (
    SELECT t.* FROM unnest(p_ids, p_workspaces, p_fresh, p_losses, p_vts, p_turns)
                 AS t (execution_id, workspace_id, fresh, losses, vt, turn)
  ), turns AS (
    SELECT t.workspace_id, t.vt, row_number() OVER (PARTITION BY t.workspace_id ORDER BY t.vt, t.execution_id) AS n
      FROM tokens t WHERE t.turn
  ), wanted AS (
    SELECT t.workspace_id, max(t.n) AS n FROM turns t GROUP BY t.workspace_id
  ), first AS MATERIALIZED (
    SELECT x.tid FROM wanted w CROSS JOIN LATERAL (
      SELECT p.ctid AS tid FROM prioritised p WHERE p.workspace_id = w.workspace_id
       ORDER BY p.rank, p.execution_id LIMIT w.n FOR UPDATE SKIP LOCKED) AS x
  ), taken AS (
    DELETE FROM prioritised p WHERE p.ctid = ANY (ARRAY(SELECT f.tid FROM first f))
    RETURNING p.workspace_id, p.rank, p.execution_id
  ), chosen AS (
    SELECT t.workspace_id, t.execution_id,
           row_number() OVER (PARTITION BY t.workspace_id ORDER BY t.rank, t.execution_id) AS n
      FROM taken t
  ), given AS (
    SELECT t.execution_id, t.workspace_id, t.fresh, t.losses, t.vt FROM tokens t WHERE t.losses >= 0
    UNION ALL
    SELECT c.execution_id, c.workspace_id, true, 0::smallint, t.vt
      FROM chosen c JOIN turns t ON t.workspace_id = c.workspace_id AND t.n = c.n
  )
  SELECT g.execution_id, g.workspace_id, bool_and(g.fresh), max(g.losses), min(g.vt)
    FROM given g GROUP BY g.execution_id, g.workspace_id
$$;

-- As before, and tokens that are a turn go to whoever is first; without such tokens nothing more is done.
CREATE OR REPLACE FUNCTION claim_2(p_worker int, p_room int, p_bound bigint, p_suspect boolean)
RETURNS TABLE (
  execution_id uuid, workspace_id uuid, lease_no bigint, losses smallint, held_by int, fresh boolean, vt bigint,
  version_id uuid, trigger_node_id text, input text, created_at timestamptz, deadline_at timestamptz,
  incident boolean, claimed_at timestamptz
)
LANGUAGE plpgsql ROWS 100
AS $$
#variable_conflict use_column
DECLARE
  v_ids uuid[];
  v_workspaces uuid[];
  v_fresh boolean[];
  v_losses smallint[];
  v_vts bigint[];
  v_turns boolean[];
  v_suspect tid[] := '{}';
  v_suspected uuid[];
  v_leases bigint[];
  v_holders int[];
  v_ended uuid[];
  v_now timestamptz;
  v_live int;
BEGIN
  -- guard_1, in place: a call costs as much as what it does.
  PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '#worker'), p_worker);
  PERFORM FROM workers w WHERE w.worker_no = p_worker AND NOT w.fenced;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'worker % is fenced', p_worker USING ERRCODE = 'CAP01';
  END IF;
  IF p_suspect THEN
    v_suspect := ARRAY(
      SELECT q.ctid FROM queue q WHERE q.losses >= 2 ORDER BY q.vt LIMIT 1 FOR UPDATE SKIP LOCKED);
  END IF;
  WITH picked AS MATERIALIZED (
    SELECT q.ctid AS tid FROM queue q
     WHERE q.vt >= p_bound AND q.losses < 2
     ORDER BY q.vt LIMIT p_room FOR UPDATE SKIP LOCKED
  ), taken AS (
    DELETE FROM queue q WHERE q.ctid = ANY (ARRAY(SELECT p.tid FROM picked p) || v_suspect)
    RETURNING q.execution_id, q.workspace_id, q.fresh, q.losses, q.vt
  ), merged AS (
    SELECT t.execution_id, t.workspace_id, bool_and(t.fresh) AS fresh, max(t.losses) AS losses, min(t.vt) AS vt,
           bool_or(t.losses = -1) AS turn
      FROM taken t GROUP BY t.execution_id, t.workspace_id ORDER BY t.execution_id
  )
  SELECT array_agg(m.execution_id), array_agg(m.workspace_id), array_agg(m.fresh), array_agg(m.losses), array_agg(m.vt),
         array_agg(m.turn)
    INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns FROM merged m;
  IF true = ANY (v_turns) THEN
    SELECT array_agg(t.execution_id ORDER BY t.execution_id), array_agg(t.workspace_id ORDER BY t.execution_id),
           array_agg(t.fresh ORDER BY t.execution_id), array_agg(t.losses ORDER BY t.execution_id),
           array_agg(t.vt ORDER BY t.execution_id)
      INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
      FROM take_turns_1(v_ids, v_workspaces, v_fresh, v_losses, v_vts, v_turns) AS t;
  END IF;
  IF false = ANY (v_fresh) OR true = ANY (v_turns) THEN
    v_suspected := ARRAY(SELECT q.execution_id FROM queue q WHERE q.losses >= 2 AND q.execution_id = ANY (v_ids));
    IF cardinality(v_suspected) > 0 THEN
      SELECT array_agg(t.id ORDER BY t.id), array_agg(t.workspace_id ORDER BY t.id), array_agg(t.fresh ORDER BY t.id),
             array_agg(t.losses ORDER BY t.id), array_agg(t.vt ORDER BY t.id)
        INTO v_ids, v_workspaces, v_fresh, v_losses, v_vts
        FROM unnest(v_ids, v_workspaces, v_fresh, v_losses, v_vts) AS t (id, workspace_id, fresh, losses, vt)
       WHERE t.id <> ALL (v_suspected);
    END IF;
  END IF;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  WITH leased AS (
    INSERT INTO leases AS l (execution_id, workspace_id, worker_no, lease_no, losses)
    SELECT v_ids[n], v_workspaces[n], p_worker, nextval('lease_numbers'), v_losses[n]
      FROM generate_series(1, cardinality(v_ids)) AS n
    ON CONFLICT (execution_id) DO UPDATE SET woken = true, losses = greatest(l.losses, excluded.losses)
    RETURNING l.execution_id, l.worker_no, l.lease_no, l.losses, l.woken, l.claimed_at
  ), sorted AS (
    SELECT * FROM leased ORDER BY leased.execution_id
  )
  SELECT array_agg(s.lease_no), array_agg(s.losses), array_agg(CASE WHEN s.woken THEN s.worker_no END),
         max(s.claimed_at)
    INTO v_leases, v_losses, v_holders, v_now FROM sorted s;
  IF false = ANY (v_fresh) THEN
    -- Only of executions whose lease is had: nobody else can have their rows locked.
    UPDATE executions e SET begun = true
     WHERE e.execution_id = ANY (ARRAY(
             SELECT v_ids[n] FROM generate_series(1, cardinality(v_ids)) AS n
              WHERE NOT v_fresh[n] AND v_holders[n] IS NULL))
       AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
       AND NOT e.begun AND e.ended_at IS NULL
       AND (SELECT true FROM journal j
             WHERE j.execution_id = e.execution_id
               AND j.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)] LIMIT 1) IS NULL;
  END IF;
  -- Only a statement after the one that waited for the leases sees what their last holders committed. No join: it could
  -- be planned, on tables that look empty, as a scan from the oldest execution to the newest.
  RETURN QUERY
  SELECT e.execution_id, e.workspace_id, v_leases[e.n], v_losses[e.n], v_holders[e.n], v_fresh[e.n] AND NOT e.begun,
         v_vts[e.n], e.version_id, e.trigger_node_id, e.input::text, e.created_at, e.deadline_at,
         e.status = 'incident', v_now
    FROM (SELECT x.execution_id, x.workspace_id, x.version_id, x.trigger_node_id, x.input, x.created_at, x.deadline_at,
                 x.status, x.begun, width_bucket(x.execution_id, v_ids) AS n
            FROM executions x
           WHERE x.execution_id = ANY (v_ids) AND x.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]
             AND x.ended_at IS NULL
          OFFSET 0) AS e; -- OFFSET 0: the place is found once
  GET DIAGNOSTICS v_live = ROW_COUNT;
  IF v_live < cardinality(v_ids) THEN
    v_ended := ARRAY(
      SELECT t.id FROM unnest(v_ids) AS t (id)
       WHERE (SELECT e.ended_at FROM executions e
               WHERE e.execution_id = t.id
                 AND e.execution_id BETWEEN v_ids[1] AND v_ids[cardinality(v_ids)]) IS NOT NULL);
    DELETE FROM leases l WHERE l.execution_id = ANY (v_ended) AND l.worker_no = p_worker AND NOT l.woken;
    DELETE FROM signals s WHERE s.execution_id = ANY (v_ended);
  END IF;
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['flow_rates', 'pending_starts', 'pending_inputs', 'singletons', 'prioritised'] LOOP
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
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION start_flow_1(text, bigint, int, bigint) OWNER TO capstan_worker;
  ALTER FUNCTION cancel_pending_1(uuid, uuid, text) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', v_schema);
END
$$;

-- The API shows what is pending and takes it out; the starter's role starts; workers begin, and remove what is old.
GRANT SELECT ON pending_starts TO capstan_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON flow_rates, pending_starts, pending_inputs, singletons, prioritised TO capstan_worker;
GRANT UPDATE (execution_id, verdict) ON idempotency_keys TO capstan_worker;
GRANT EXECUTE ON FUNCTION start_flow_1(text, bigint, int, bigint) TO capstan_starter;
GRANT EXECUTE ON FUNCTION cancel_pending_1(uuid, uuid, text) TO capstan_api;
GRANT EXECUTE ON FUNCTION gcra_1(timestamptz, timestamptz, bigint, bigint), line_up_1(uuid, uuid, bigint, smallint),
  begin_start_1(jsonb, timestamptz), begin_pending_1(uuid),
  hold_start_1(jsonb, text, text, timestamptz, timestamptz, int), hold_1(jsonb, timestamptz, bigint, int),
  judge_start_1(jsonb, bigint, int, bigint), drain_starts_1(int), tidy_flow_1(int),
  take_turns_1(uuid[], uuid[], boolean[], smallint[], bigint[], boolean[])
  TO capstan_worker;
