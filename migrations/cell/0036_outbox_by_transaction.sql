-- no-transaction
-- For handing outbox out to webhooks in the order of transactions. One statement: it cannot run in a transaction, and rows
-- are written meanwhile. What an interrupted run leaves is removed before the next one.
CREATE INDEX CONCURRENTLY IF NOT EXISTS outbox_xid ON outbox (xid, event_id) WHERE xid IS NOT NULL;
