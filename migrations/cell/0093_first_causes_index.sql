-- no-transaction
-- How often a trigger has started for one first cause, which is the trace that its starts belong to, and how deep. One statement: it
-- cannot run in a transaction, and rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS trigger_starts_first_cause
  ON trigger_starts (workspace_id, workflow_id, node_id, "left"(trace, 32), depth) WHERE cause IN ('event', 'execution');
