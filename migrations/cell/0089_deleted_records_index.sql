-- no-transaction
-- Deleted records that can be restored: for their list, and for what empties them, which reads no rows but theirs. One statement: it
-- cannot run in a transaction, and rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS records_deleted ON records (workspace_id, record_id) INCLUDE (deleted_at)
  WHERE deleted_at IS NOT NULL AND emptied_at IS NULL;
