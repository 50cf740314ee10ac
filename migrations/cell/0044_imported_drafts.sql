-- What a draft was when it was last imported, as a sum: whoever imports the next state of it learns whether it was changed here since.
SET LOCAL lock_timeout = '200ms';
ALTER TABLE workflow_drafts
  ADD COLUMN imported text CONSTRAINT workflow_drafts_imported_form CHECK (imported ~ '^sha256:[0-9a-f]{64}$');
