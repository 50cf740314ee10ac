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
