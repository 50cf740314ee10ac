-- More figures of how a cell is: those that an operator is woken by.

SET LOCAL lock_timeout = '200ms';

-- Null in rows that a worker of the release before has taken.
ALTER TABLE system_health_metrics ADD COLUMN alerts_open bigint, ADD COLUMN deliveries_waiting bigint;
