-- Jobs about persons search records and what was done to them; history that is past its time, and what is known of leads that
-- were deleted long ago, is removed.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE person_jobs
  DROP CONSTRAINT person_jobs_part,
  ADD CONSTRAINT person_jobs_part CHECK (part IN ('leads', 'history', 'records', 'record_history', 'events', 'mails',
    'executions', 'left')) NOT VALID;
-- Records that are the person's, too.
ALTER TABLE person_marks
  DROP CONSTRAINT person_marks_kind,
  ADD CONSTRAINT person_marks_kind CHECK (kind IN ('lead', 'record', 'event', 'execution')) NOT VALID;

-- What an erasure takes out of records: their states, and when and by whom they were moved, stays.
GRANT UPDATE (data) ON records TO capstan_worker;
GRANT UPDATE (reason, fields) ON record_history TO capstan_worker;
GRANT DELETE ON lead_events TO capstan_worker;
