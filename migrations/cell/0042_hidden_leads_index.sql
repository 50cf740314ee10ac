-- no-transaction
-- Deleted leads of a workspace that can be restored, for their list. One statement: it cannot run in a transaction, and rows are
-- written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS leads_hidden ON leads (workspace_id, lead_id)
  WHERE deleted_at IS NOT NULL AND coalesce(email, phone, company, nullif(name, '[erased]')) IS NOT NULL;
