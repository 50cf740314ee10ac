-- Custom events, and the steps that wait for them. An event is committed before it is looked at for waits, and a wait
-- before it is looked at for events: whichever of the two commits later sees the other, so none of them misses. The row
-- of a wait is the one judge of what it came to: an event and the end of its time both take it from `open`, under its
-- lock.

-- `client_id` is what its sender calls it: the same id is the same event. `reached` is the last wait that was looked
-- at; an event that is `pending` is looked at from `due_at` on, and `again` from the first wait if an execution had no
-- room for its signal. `depth` is how many events led to this one.
CREATE TABLE events (
  workspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  client_id text NOT NULL CONSTRAINT events_client_id_length CHECK (octet_length(client_id) BETWEEN 1 AND 200),
  type text NOT NULL CONSTRAINT events_type_length CHECK (octet_length(type) BETWEEN 1 AND 100),
  key text NOT NULL CONSTRAINT events_key_length CHECK (octet_length(key) <= 200),
  data jsonb NOT NULL,
  depth int NOT NULL CONSTRAINT events_depth CHECK (depth >= 0),
  status text NOT NULL DEFAULT 'pending' CONSTRAINT events_status CHECK (status IN ('pending', 'done')),
  reached uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  again boolean NOT NULL DEFAULT false,
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, event_id),
  CONSTRAINT events_client_id_key UNIQUE (workspace_id, client_id)
);
CREATE INDEX events_due ON events (due_at) WHERE status = 'pending';
CREATE INDEX events_backlog ON events (workspace_id) WHERE status = 'pending';
CREATE INDEX events_by_key ON events (workspace_id, type, key, received_at, event_id);
CREATE INDEX events_received_at ON events (received_at);

-- What a step waits for: events of a type and key, received from `since_at` on and before `until_at`, for which
-- `condition` holds. `signalled` tells of a match whose event comes as a signal; else the step itself found it.
CREATE TABLE event_waits (
  workspace_id uuid NOT NULL,
  wait_id uuid NOT NULL,
  execution_id uuid NOT NULL,
  node_id text NOT NULL,
  scope text NOT NULL DEFAULT '',
  type text NOT NULL,
  key text NOT NULL,
  condition text,
  since_at timestamptz NOT NULL,
  until_at timestamptz,
  status text NOT NULL DEFAULT 'open'
    CONSTRAINT event_waits_status CHECK (status IN ('open', 'matched', 'expired', 'cancelled')),
  event jsonb,
  depth int,
  signalled boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  PRIMARY KEY (workspace_id, wait_id),
  CONSTRAINT event_waits_step_key UNIQUE (workspace_id, execution_id, node_id, scope),
  CONSTRAINT event_waits_closed CHECK ((status = 'open') = (closed_at IS NULL)),
  CONSTRAINT event_waits_matched CHECK ((status = 'matched') = (event IS NOT NULL AND depth IS NOT NULL)),
  CONSTRAINT event_waits_signalled CHECK (status = 'matched' OR NOT signalled)
);
CREATE INDEX event_waits_open ON event_waits (workspace_id, type, key, wait_id) WHERE status = 'open';

-- Gives an event to waits of a workspace that are open, in the order of `p_waits`, which is ascending: the row and its
-- signal, whose id is that of the wait. `p_signals` are their names. Answers what became of each wait: `matched`,
-- `closed` (it was not open, or its execution has ended) or `full` (too many signals wait for the execution; it stays
-- open). Locks: the waits in the order of their ids, by their key. The rest is as in signal_1.
CREATE FUNCTION match_event_1(
  p_workspace uuid, p_event text, p_depth int, p_waits uuid[], p_signals text[], p_pending_max int
) RETURNS TABLE (wait_id uuid, verdict text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  v_execution uuid;
  v_sent text;
BEGIN
  FOR n IN 1 .. cardinality(p_waits) LOOP
    SELECT w.execution_id INTO v_execution FROM event_waits w
     WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n] AND w.status = 'open' FOR UPDATE;
    IF NOT FOUND THEN
      RETURN QUERY SELECT p_waits[n], 'closed';
      CONTINUE;
    END IF;
    v_sent := signal_1(p_workspace, v_execution, p_waits[n], p_signals[n], p_event, p_pending_max);
    IF v_sent = 'accepted' THEN
      UPDATE event_waits w
         SET status = 'matched', event = p_event::jsonb, depth = p_depth, signalled = true, closed_at = clock_timestamp()
       WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
      RETURN QUERY SELECT p_waits[n], 'matched';
    ELSIF v_sent = 'full' THEN
      RETURN QUERY SELECT p_waits[n], 'full';
    ELSE
      UPDATE event_waits w SET status = 'cancelled', closed_at = clock_timestamp()
       WHERE w.workspace_id = p_workspace AND w.wait_id = p_waits[n];
      RETURN QUERY SELECT p_waits[n], 'closed';
    END IF;
  END LOOP;
END
$$;

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['events', 'event_waits'] LOOP
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
  EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC', current_schema());
END
$$;

-- The API takes events in, and tells what steps wait for; workers send, wait, match, and remove what is old.
GRANT SELECT, INSERT ON events TO capstan_api;
GRANT SELECT ON event_waits TO capstan_api;
GRANT SELECT, INSERT, DELETE ON events, event_waits TO capstan_worker;
GRANT UPDATE (status, reached, again, due_at) ON events TO capstan_worker;
GRANT UPDATE (status, event, depth, signalled, closed_at) ON event_waits TO capstan_worker;
GRANT EXECUTE ON FUNCTION match_event_1(uuid, text, int, uuid[], text[], int) TO capstan_worker;
