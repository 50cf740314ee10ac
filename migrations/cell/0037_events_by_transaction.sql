-- no-transaction
-- For handing events out to webhooks in the order of transactions. One statement: it cannot run in a transaction, and rows
-- are written meanwhile. What an interrupted run leaves is removed before the next one.
CREATE INDEX CONCURRENTLY IF NOT EXISTS events_xid ON events (xid, event_id) WHERE xid IS NOT NULL;
