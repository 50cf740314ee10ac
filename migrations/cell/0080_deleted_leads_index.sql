-- no-transaction
-- Deleted leads of which it is still known who they were, for what empties them. One statement: it cannot run in a transaction, and
-- rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS leads_deleted ON leads (deleted_at)
  WHERE deleted_at IS NOT NULL AND coalesce(email, phone, company, nullif(name, '[erased]')) IS NOT NULL;
