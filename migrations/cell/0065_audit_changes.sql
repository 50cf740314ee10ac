-- How a thing that was changed differs: a list of members, each with what it was and what it is, as the API shows them. Bounded by
-- the application; absent where the record tells of none, as in all rows of before. And what an operator does by the command line,
-- such as giving the workspace another plan.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE audit_log
  ADD COLUMN changes jsonb,
  ADD CONSTRAINT audit_log_changes_size CHECK (octet_length(changes::text) <= 65536) NOT VALID,
  DROP CONSTRAINT audit_log_by_kind_known,
  ADD CONSTRAINT audit_log_by_kind_known CHECK (by_kind IN ('key', 'user', 'operator')) NOT VALID;

-- What a change differs in is known after its record was begun, in the same transaction.
ALTER TABLE audit_begun
  ADD COLUMN changes jsonb,
  ADD CONSTRAINT audit_begun_changes_size CHECK (octet_length(changes::text) <= 65536) NOT VALID;
GRANT UPDATE (changes) ON audit_begun TO capstan_api;
