-- Containers: what they opened is in the journal, with the items as its output. Rows of before are of fewer kinds.

ALTER TABLE journal DROP CONSTRAINT journal_kind;
ALTER TABLE journal ADD CONSTRAINT journal_kind CHECK (kind IN (
  'waiting', 'attempt_failed', 'opened', 'expired', 'started', 'signalled', 'settled', 'cancelled', 'timed_out', 'poisoned')) NOT VALID;
