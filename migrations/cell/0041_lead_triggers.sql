-- What forms that take leads, and bookings, start, beside schedules and events; and where bookings are told.

ALTER TABLE trigger_starts DROP CONSTRAINT trigger_starts_cause;
ALTER TABLE trigger_starts ADD CONSTRAINT trigger_starts_cause CHECK (cause IN (
  'schedule', 'catch_up', 'backfill', 'now', 'event', 'execution', 'form', 'booking')) NOT VALID;
ALTER TABLE trigger_starts VALIDATE CONSTRAINT trigger_starts_cause;
ALTER TABLE trigger_paths DROP CONSTRAINT trigger_paths_kind;
ALTER TABLE trigger_paths ADD CONSTRAINT trigger_paths_kind CHECK (kind IN ('form', 'webhook', 'booking')) NOT VALID;
ALTER TABLE trigger_paths VALIDATE CONSTRAINT trigger_paths_kind;

-- The API signs the pages of forms with the key that links of approvals are signed with, which it makes if it is first.
GRANT INSERT ON link_keys TO capstan_api;
