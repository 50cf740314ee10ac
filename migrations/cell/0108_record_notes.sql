-- What was done about a record is noted in its history: calls, mails, meetings and whatever else. `reason` is what the note says, so
-- whoever erases a person finds it there.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE record_history
  DROP CONSTRAINT record_history_kind,
  ADD CONSTRAINT record_history_kind CHECK (kind IN ('created', 'updated', 'transitioned', 'deleted', 'restored',
    'note', 'email', 'call', 'meeting')) NOT VALID;
