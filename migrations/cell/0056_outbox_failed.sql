-- no-transaction
-- Of which workspace executions failed, and when: alerts look at no others. Other rows of the outbox are not in it. One statement:
-- it cannot run in a transaction, and rows go on being written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_failed ON outbox (workspace_id, created_at DESC)
  WHERE type IN ('execution.failed', 'execution.incident');
