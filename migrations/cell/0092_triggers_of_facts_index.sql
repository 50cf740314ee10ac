-- no-transaction
-- Whether any workflow of the cell starts at facts of the outbox: one step, however many wait for events that workspaces send. One
-- statement: it cannot run in a transaction, and rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS event_triggers_facts ON event_triggers (workspace_id, type)
  WHERE type ~ '^(execution|step|tenant|webhook)\.' OR type = 'quota.reconciled';
