-- no-transaction
-- History of leads by its age, for what removes it. One statement: it cannot run in a transaction, and rows are written meanwhile.
CREATE INDEX CONCURRENTLY IF NOT EXISTS lead_events_old ON lead_events (created_at);
