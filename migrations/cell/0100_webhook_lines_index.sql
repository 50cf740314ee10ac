-- no-transaction
-- For the next delivery of a line: what is on its way comes first, and then those that wait, by their places. One statement: it cannot
-- run in a transaction, and rows are written meanwhile. Empty as long as no endpoint is ordered.
CREATE INDEX CONCURRENTLY IF NOT EXISTS webhook_deliveries_lines
  ON webhook_deliveries (workspace_id, endpoint_id, line, due_at, place) WHERE status = 'pending' AND line IS NOT NULL;
