-- no-transaction
-- How deep an execution is that an event or another's end has started, also after its waits are gone. Starts of people and
-- schedules are not in it. One statement: it cannot run in a transaction, and rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS trigger_starts_deep ON trigger_starts (workspace_id, execution_id)
  WHERE depth > 0 AND execution_id IS NOT NULL;
