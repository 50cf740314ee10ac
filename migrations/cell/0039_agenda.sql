-- What there is to do on the side, for all duties of a worker in one answer: it comes with each beat, so that an idle worker
-- asks nothing else. Milliseconds are until something is due, by the database's clock; none where nothing is pending. Each
-- part is one step into an index: limits_pkey, gated_execution, pauses_pkey, held_pkey, pending_starts_due_at,
-- schedules_next_at, trigger_starts_due_at, webhook_endpoints_live, webhook_lanes_due, webhook_lanes_ailing, events_due,
-- bulk_jobs_turn.
CREATE FUNCTION agenda_1(
  OUT limits boolean, OUT lines boolean, OUT pauses boolean, OUT held boolean, OUT starts_ms bigint, OUT triggers_ms bigint,
  OUT endpoints boolean, OUT lanes boolean, OUT events boolean, OUT jobs boolean
)
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
BEGIN
  limits := (SELECT true FROM limits l LIMIT 1) IS NOT NULL;
  lines := (SELECT true FROM gated g LIMIT 1) IS NOT NULL;
  pauses := (SELECT true FROM pauses p LIMIT 1) IS NOT NULL;
  held := (SELECT true FROM held h LIMIT 1) IS NOT NULL;
  starts_ms := ceil(extract(epoch FROM (SELECT min(w.due_at) FROM pending_starts w) - v_now) * 1000);
  triggers_ms := ceil(extract(epoch FROM least(
    (SELECT min(s.next_at) FROM schedules s WHERE s.next_at IS NOT NULL),
    (SELECT min(t.due_at) FROM trigger_starts t WHERE t.status = 'due')) - v_now) * 1000);
  endpoints := (SELECT true FROM webhook_endpoints e WHERE e.status IN ('enabled', 'failing') LIMIT 1) IS NOT NULL;
  lanes := (SELECT true FROM webhook_lanes l WHERE l.failures = 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL
        OR (SELECT true FROM webhook_lanes l WHERE l.failures > 0 AND l.due_at < 'infinity' LIMIT 1) IS NOT NULL;
  events := (SELECT true FROM events v WHERE v.status = 'pending' AND v.due_at <= v_now LIMIT 1) IS NOT NULL;
  jobs := (SELECT true FROM bulk_jobs b WHERE b.status = 'running' LIMIT 1) IS NOT NULL;
END
$$;

REVOKE ALL ON FUNCTION agenda_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agenda_1() TO capstan_worker;
