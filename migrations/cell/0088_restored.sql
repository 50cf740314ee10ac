-- Leads and records that were deleted can be restored, and their history tells so. The data of a record is kept when it is deleted, and
-- goes later: `emptied_at` says when, after which there is nothing to restore.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE lead_events
  DROP CONSTRAINT lead_events_type,
  ADD CONSTRAINT lead_events_type CHECK (type IN ('created', 'updated', 'status_changed', 'form_submitted', 'webhook_received',
    'note', 'email', 'call', 'meeting', 'deleted', 'restored')) NOT VALID;
ALTER TABLE record_history
  DROP CONSTRAINT record_history_kind,
  ADD CONSTRAINT record_history_kind CHECK (kind IN ('created', 'updated', 'transitioned', 'deleted', 'restored')) NOT VALID;
ALTER TABLE records
  DROP CONSTRAINT records_deleted_empty,
  ADD COLUMN emptied_at timestamptz,
  ADD CONSTRAINT records_emptied CHECK (emptied_at IS NULL OR (deleted_at IS NOT NULL AND data = '{}')) NOT VALID;
GRANT UPDATE (emptied_at) ON records TO capstan_worker;
