-- no-transaction
-- For giving turns to workspaces: the oldest start of each that has any. One statement: it cannot run in a transaction, and rows are
-- written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS trigger_starts_turns ON trigger_starts (workspace_id, due_at) WHERE status = 'due';
