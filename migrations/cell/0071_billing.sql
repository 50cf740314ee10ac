-- What billing tells a workspace: an event, and a line in the audit log, which is also how it is there once.

SET LOCAL lock_timeout = '200ms';

-- Who changed a plan may be neither a key nor a user. Rows that are there fit as they did.
ALTER TABLE audit_log DROP CONSTRAINT audit_log_by_kind_known,
  ADD CONSTRAINT audit_log_by_kind_known CHECK (by_kind IN ('key', 'user', 'operator', 'billing')) NOT VALID;

-- Writes an event of billing to the outbox of the workspace of this transaction. The caller sees to it that it is written once.
CREATE FUNCTION tell_billing_1(p_type text, p_payload jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
  v_workspace uuid := nullif(current_setting('app.workspace_id', true), '')::uuid;
BEGIN
  IF p_type NOT IN ('tenant.plan_changed', 'tenant.invoice_paid', 'tenant.payment_failed') THEN
    RAISE EXCEPTION 'billing has no event %', p_type USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO outbox (event_id, workspace_id, type, aggregate_id, payload)
  VALUES (event_id_1(clock_timestamp()), v_workspace, p_type, v_workspace, p_payload);
END
$$;

DO $$
DECLARE
  v_schema text := current_schema();
BEGIN
  EXECUTE format('GRANT CREATE ON SCHEMA %I TO capstan_worker', v_schema);
  ALTER FUNCTION tell_billing_1(text, jsonb) OWNER TO capstan_worker;
  EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM capstan_worker', v_schema);
END
$$;
REVOKE ALL ON FUNCTION tell_billing_1(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_billing_1(text, jsonb) TO capstan_api;
