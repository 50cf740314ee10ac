-- What a workflow that is deleted remembers, and rows beside the history that go with its months.

SET LOCAL lock_timeout = '200ms';

-- Of a workflow that is deleted, until it is restored: `off` if it had no triggers then, as the one of a rule that is disabled, and
-- `paused`, the schedules that were paused, by node, with who and why. Null of those that were deleted before.
ALTER TABLE workflows ADD COLUMN at_deletion jsonb;

-- Workers take these out with the month of their executions, see take_along_1.
GRANT DELETE ON children, approvals TO capstan_worker;

-- A submission whose mail was given up is written to again when it is sent again.
GRANT UPDATE (mail_tries, expires_at, credential) ON form_submissions TO capstan_api;

-- A worker of the release that knows no records takes a job about a person from the history of leads to mails. It is sent to records, where
-- one that knows them goes on; the other leaves it to that.
CREATE FUNCTION person_job_goes_1() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  NEW.part := 'records';
  RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION person_job_goes_1() FROM PUBLIC;
CREATE TRIGGER person_jobs_go BEFORE UPDATE OF part ON person_jobs FOR EACH ROW
  WHEN (OLD.part = 'history' AND NEW.part = 'mails') EXECUTE FUNCTION person_job_goes_1();

-- Removes rows beside the history of a closed month, and of all before it: calls of its executions, what they asked of people, and
-- slots that they held. At most so many of each; answers how many, come again while it is not zero. Months go oldest first, so
-- nothing of before is there any more. Calls by their key and slots by slots_execution; approvals are read from their beginning.
CREATE FUNCTION take_along_1(p_month date, p_bite int) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = on
AS $$
DECLARE
  v_to uuid := month_floor_1((p_month + interval '1 month')::date);
  v_count int;
  v_gone int := 0;
BEGIN
  PERFORM FROM history_months h WHERE h.month = p_month AND h.dropped_at IS NULL;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM children c WHERE c.child_id IN (
    SELECT x.child_id FROM children x WHERE x.child_id < v_to ORDER BY x.child_id LIMIT p_bite);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_gone := v_gone + v_count;
  DELETE FROM slots s WHERE s.ctid = ANY (ARRAY(
    SELECT x.ctid FROM slots x WHERE x.execution_id < v_to ORDER BY x.execution_id LIMIT p_bite));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  v_gone := v_gone + v_count;
  DELETE FROM approvals a WHERE a.ctid = ANY (ARRAY(
    SELECT x.ctid FROM approvals x WHERE x.execution_id < v_to LIMIT p_bite));
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_gone + v_count;
END
$$;
REVOKE ALL ON FUNCTION take_along_1(date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_along_1(date, int) TO capstan_worker;

-- As before (0081), but that a cell is not let go of either while facts of the outbox are not looked at for workflows that start at
-- them by triggers of events. One step more, into event_triggers_facts.
CREATE OR REPLACE FUNCTION next_due_1() RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  v_due timestamptz;
  v_at timestamptz;
  v_late interval;
  v_xid xid8;
  v_event uuid;
BEGIN
  -- Under way: tokens, activations, also those that a dead worker has left, and lines before gates, which a sweep moves.
  IF (SELECT true FROM queue q LIMIT 1) OR (SELECT true FROM leases l LIMIT 1) OR (SELECT true FROM gated g LIMIT 1) THEN
    RETURN 0;
  END IF;
  -- Held up, though nothing pauses any more.
  IF (SELECT true FROM held h LIMIT 1) AND (SELECT true FROM pauses p LIMIT 1) IS NULL
     AND NOT EXISTS (SELECT FROM standings s WHERE s.state <> 'active') THEN
    RETURN 0;
  END IF;
  IF (SELECT true FROM credential_tests t WHERE t.begun_at IS NULL AND t.asked_at > v_now - interval '10 seconds' LIMIT 1) THEN
    RETURN 0;
  END IF;
  -- Not handed out to webhooks yet, or not looked at for those who wait for ends.
  IF (SELECT true FROM webhook_endpoints e WHERE e.status IN ('enabled', 'failing') LIMIT 1) THEN
    SELECT c.xid, c.event_id INTO v_xid, v_event FROM webhook_cursors c WHERE c.source = 'outbox';
    IF (SELECT true FROM outbox o WHERE o.xid >= v_xid AND (o.xid, o.event_id) > (v_xid, v_event) LIMIT 1) THEN
      RETURN 0;
    END IF;
    SELECT c.xid, c.event_id INTO v_xid, v_event FROM webhook_cursors c WHERE c.source = 'events';
    IF (SELECT true FROM events v WHERE v.xid >= v_xid AND (v.xid, v.event_id) > (v_xid, v_event) LIMIT 1) THEN
      RETURN 0;
    END IF;
  END IF;
  IF (SELECT true FROM execution_triggers x LIMIT 1) OR (SELECT true FROM event_triggers g
       WHERE g.type ~ '^(execution|step|tenant|webhook)\.' OR g.type = 'quota.reconciled' LIMIT 1) THEN
    SELECT c.xid, c.event_id INTO v_xid, v_event FROM end_cursor c WHERE c.one;
    IF (SELECT true FROM outbox o WHERE o.xid >= v_xid AND (o.xid, o.event_id) > (v_xid, v_event) LIMIT 1) THEN
      RETURN 0;
    END IF;
  END IF;
  -- Planned.
  v_due := least(
    (SELECT min(t.due_at) FROM timers t),
    (SELECT min(w.due_at) FROM pending_starts w),
    (SELECT min(s.next_at) FROM schedules s WHERE s.next_at IS NOT NULL),
    (SELECT min(t.due_at) FROM trigger_starts t WHERE t.status = 'due'),
    (SELECT min(l.due_at) FROM webhook_lanes l WHERE l.failures = 0 AND l.due_at < 'infinity'),
    (SELECT min(l.due_at) FROM webhook_lanes l WHERE l.failures > 0 AND l.due_at < 'infinity'),
    (SELECT min(v.due_at) FROM event_turns v),
    (SELECT min(v.due_at) FROM event_arrivals v),
    (SELECT min(b.turn_at) FROM bulk_jobs b WHERE b.status = 'running'),
    (SELECT min(p.turn_at) FROM person_jobs p WHERE p.ended_at IS NULL),
    (SELECT min(s.mail_due_at) FROM form_submissions s WHERE s.mail_due_at IS NOT NULL));
  -- Alerts are judged while a worker is there. An open one may be cleared by time alone.
  IF (SELECT true FROM alerts a WHERE a.cleared_at IS NULL LIMIT 1) THEN
    v_due := least(v_due, v_now + interval '15 minutes');
  END IF;
  -- Silence is broken at a known time; one that was not told of by then is of a workflow that is paused, which may end.
  SELECT min(CASE WHEN w.at > v_now - interval '3 minutes' THEN w.at ELSE v_now + interval '1 hour' END) INTO v_at
    FROM (SELECT coalesce(k.seen_at, r.updated_at) + make_interval(secs => r.after_s) AS at
            FROM alert_rules r
            LEFT JOIN alert_marks k ON k.workspace_id = r.workspace_id AND k.name = r.name AND k.rule_at = r.updated_at
           WHERE r.is_enabled AND r.kind = 'silence'
             AND NOT EXISTS (SELECT FROM alerts a
                              WHERE a.workspace_id = r.workspace_id AND a.rule = r.name AND a.cleared_at IS NULL)) AS w;
  v_due := least(v_due, v_at);
  -- Who is late is told a quarter late at most.
  SELECT min(r.after_s) * interval '0.25 seconds' INTO v_late FROM alert_rules r WHERE r.is_enabled AND r.kind = 'sla';
  IF v_late IS NOT NULL THEN
    v_due := least(v_due, v_now + least(greatest(v_late, interval '10 minutes'), interval '6 hours'));
  END IF;
  -- What has happened since its day was summed up is to be in the sum: days are counted each ten minutes.
  SELECT d.due_at INTO v_at FROM stats_days d ORDER BY d.day DESC LIMIT 1;
  IF v_at - interval '10 minutes' < (SELECT o.created_at FROM outbox o ORDER BY o.event_id DESC LIMIT 1) THEN
    v_due := least(v_due, v_at);
  END IF;
  IF v_due IS NULL THEN
    RETURN NULL;
  END IF;
  RETURN greatest(0, ceil(extract(epoch FROM v_due - v_now) * 1000));
END
$$;
