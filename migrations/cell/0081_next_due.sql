-- When there is something to do in this cell next: asked by who is about to let go of it, as nobody looks at it after that. In
-- milliseconds from now by the database's clock, 0 where something is under way or due, null where nothing is planned. What only a
-- request can bring is not planned: who makes one announces it. Each part is one step into an index, as in agenda_3, but for rules
-- of alerts, of which a workspace has few, and duties, of which there are three: queue_vt, leases_pkey, gated_execution, held_pkey, pauses_pkey, standings_closed,
-- credential_tests_asked, webhook_endpoints_live, outbox_xid, events_xid, execution_triggers_pkey, event_triggers_facts, timers_due_at,
-- pending_starts_due_at, schedules_next_at, trigger_starts_due_at, webhook_lanes_due, webhook_lanes_ailing, event_turns_due, event_arrivals_due,
-- bulk_jobs_turn, person_jobs_turn, form_submissions_mail_due, notices_noticed_at, alerts_mail_due, alerts_open, alert_rules_enabled,
-- stats_days_pkey, outbox_pkey. Locks nothing. It is asked once all migrations have run: tables of later ones are in it, too.
CREATE FUNCTION next_due_1() RETURNS bigint
LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
  v_now timestamptz := clock_timestamp();
  -- The cell is one workspace's own.
  v_is_active boolean := NOT EXISTS (SELECT FROM standings s WHERE s.state <> 'active');
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
  IF v_is_active AND (SELECT true FROM held h LIMIT 1) AND (SELECT true FROM pauses p LIMIT 1) IS NULL THEN
    RETURN 0;
  END IF;
  IF (SELECT true FROM credential_tests t WHERE t.begun_at IS NULL AND t.asked_at > v_now - interval '10 seconds' LIMIT 1) THEN
    RETURN 0;
  END IF;
  -- Not handed out to webhooks yet, or not looked at for those who wait for ends, or for facts.
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
  -- A month may take hours on its way to an archive: who let go in the middle would begin anew each time.
  IF EXISTS (SELECT FROM duties d WHERE d.leased_until > v_now) THEN
    v_due := least(v_due, v_now + interval '15 seconds');
  END IF;
  -- Words of what has ended are written some seconds later.
  SELECT c.xid, c.event_id INTO v_xid, v_event FROM word_cursor c WHERE c.one;
  IF (SELECT true FROM outbox o WHERE o.xid >= v_xid AND (o.xid, o.event_id) > (v_xid, v_event) LIMIT 1) THEN
    v_due := least(v_due, v_now + interval '15 seconds');
  END IF;
  -- API processes bring news to people from where a worker is; those that nobody has come for are not stayed with.
  IF (SELECT true FROM notices n WHERE n.noticed_at > v_now - interval '3 minutes' LIMIT 1) THEN
    v_due := least(v_due, v_now + interval '15 seconds');
  ELSIF (SELECT true FROM notices n LIMIT 1) THEN
    v_due := least(v_due, v_now + interval '1 hour');
  END IF;
  SELECT min(a.mail_due_at) INTO v_at FROM alerts a WHERE a.mail_due_at > v_now - interval '3 minutes';
  v_due := least(v_due, greatest(v_at, CASE WHEN v_at IS NOT NULL THEN v_now + interval '15 seconds' END));
  -- Alerts are judged while a worker is there, and only of who is active.
  IF v_is_active THEN
    -- An open one may be cleared by time alone.
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

REVOKE ALL ON FUNCTION next_due_1() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_due_1() TO capstan_worker;
