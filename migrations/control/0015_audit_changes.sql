-- As in the cells: see `audit_log` there.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE audit_pending
  ADD COLUMN changes jsonb,
  ADD CONSTRAINT audit_pending_changes_size CHECK (octet_length(changes::text) <= 65536) NOT VALID,
  DROP CONSTRAINT audit_pending_by_kind_known,
  ADD CONSTRAINT audit_pending_by_kind_known CHECK (by_kind IN ('key', 'user', 'operator')) NOT VALID;
