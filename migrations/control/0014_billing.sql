-- Billing: what the provider of payments says of workspaces, and which plan that gives them. All of it is of the access role, which
-- a transaction for one workspace shows that one's rows only. Nobody is charged here, and no secret is kept here.

SET LOCAL lock_timeout = '200ms';

-- What is paid for which plan: ids of prices or products at the provider, set by administrators of the platform.
CREATE TABLE billing_prices (
  price text PRIMARY KEY CONSTRAINT billing_prices_price_form CHECK (price ~ '^[!-~]{1,255}$'),
  plan text NOT NULL REFERENCES plans,
  set_by text NOT NULL CONSTRAINT billing_prices_set_by_length CHECK (length(set_by) BETWEEN 1 AND 300),
  set_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Who changed that, for ever. `plan` is absent where a price was taken out.
CREATE TABLE billing_price_changes (
  change_id uuid PRIMARY KEY,
  price text NOT NULL,
  plan text,
  changed_by uuid,
  changed_by_name text NOT NULL CONSTRAINT billing_price_changes_name_length CHECK (length(changed_by_name) BETWEEN 1 AND 300),
  address text,
  request_id text NOT NULL DEFAULT '' CONSTRAINT billing_price_changes_request_id_length CHECK (length(request_id) <= 200),
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- A workspace that is known to the provider as this customer. `plan`: what billing gave it last; a plan that somebody sets by hand
-- stays until that changes. `look_at`: when its plan has to be looked at again, as a time that was paid for ends.
CREATE TABLE billing_customers (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces,
  customer_id text NOT NULL CONSTRAINT billing_customers_customer_id_length CHECK (length(customer_id) BETWEEN 1 AND 255),
  plan text REFERENCES plans,
  look_at timestamptz,
  linked_by text NOT NULL CONSTRAINT billing_customers_linked_by_length CHECK (length(linked_by) BETWEEN 1 AND 300),
  linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT billing_customers_customer UNIQUE (customer_id)
);
CREATE INDEX billing_customers_due ON billing_customers (look_at) WHERE look_at IS NOT NULL;

-- A subscription as its newest event tells it, by `event_at`, which has whole seconds, and `event_rank` (0 created, 1 updated,
-- 2 deleted). `workspace_id` is absent as long as nobody knows whose customer it is.
CREATE TABLE billing_subscriptions (
  subscription_id text PRIMARY KEY CONSTRAINT billing_subscriptions_id_length CHECK (length(subscription_id) BETWEEN 1 AND 255),
  customer_id text NOT NULL CONSTRAINT billing_subscriptions_customer_id_length CHECK (length(customer_id) BETWEEN 1 AND 255),
  workspace_id uuid REFERENCES workspaces,
  status text NOT NULL CONSTRAINT billing_subscriptions_status CHECK
    (status IN ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')),
  status_before text,
  prices text[] NOT NULL CONSTRAINT billing_subscriptions_prices_count CHECK (cardinality(prices) <= 40),
  period_ends_at timestamptz,
  ends_at timestamptz,
  event_id text NOT NULL,
  event_at timestamptz NOT NULL,
  event_rank smallint NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX billing_subscriptions_by_workspace ON billing_subscriptions (workspace_id, changed_at) WHERE workspace_id IS NOT NULL;
CREATE INDEX billing_subscriptions_by_customer ON billing_subscriptions (customer_id);
CREATE INDEX billing_subscriptions_unlinked ON billing_subscriptions (changed_at) WHERE workspace_id IS NULL;

-- Every event that was taken in, once: the key that a repetition meets, and what the platform sees. Facts of invoices have an amount, in
-- the smallest unit of its currency. Rows go at `kept_until`.
CREATE TABLE billing_events (
  event_id text PRIMARY KEY CONSTRAINT billing_events_id_length CHECK (length(event_id) BETWEEN 1 AND 255),
  -- Made by the application; orders by when it came.
  entry_id uuid NOT NULL CONSTRAINT billing_events_entry UNIQUE,
  type text NOT NULL CONSTRAINT billing_events_type_length CHECK (length(type) BETWEEN 1 AND 100),
  workspace_id uuid REFERENCES workspaces,
  customer_id text CONSTRAINT billing_events_customer_id_length CHECK (length(customer_id) <= 255),
  -- The subscription or invoice.
  object_id text CONSTRAINT billing_events_object_id_length CHECK (length(object_id) <= 255),
  outcome text NOT NULL CONSTRAINT billing_events_outcome CHECK (outcome IN ('applied', 'overtaken', 'not_used', 'unreadable',
    'no_workspace', 'unknown_customer', 'other_customer', 'unknown_price')),
  amount bigint,
  currency text CONSTRAINT billing_events_currency_length CHECK (length(currency) <= 10),
  attempts int,
  next_attempt_at timestamptz,
  happened_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kept_until timestamptz NOT NULL
);
CREATE INDEX billing_events_by_workspace ON billing_events (workspace_id, entry_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX billing_events_unmatched ON billing_events (entry_id)
  WHERE outcome IN ('unreadable', 'no_workspace', 'unknown_customer', 'other_customer', 'unknown_price');
CREATE INDEX billing_events_by_customer ON billing_events (customer_id) WHERE workspace_id IS NULL AND customer_id IS NOT NULL;
CREATE INDEX billing_events_by_end ON billing_events (kept_until);

-- What cells are to be told, in the order of `news_id`, which is there once. `tried_at`: when that was last tried in vain.
CREATE TABLE billing_news (
  workspace_id uuid NOT NULL REFERENCES workspaces,
  news_id uuid NOT NULL,
  type text NOT NULL CONSTRAINT billing_news_type_length CHECK (length(type) BETWEEN 1 AND 50),
  subject text NOT NULL CONSTRAINT billing_news_subject_length CHECK (length(subject) <= 1000),
  payload jsonb NOT NULL,
  tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, news_id)
);
CREATE INDEX billing_news_by_try ON billing_news (tried_at);

DO $$
DECLARE
  v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['billing_customers', 'billing_subscriptions', 'billing_events', 'billing_news'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', v_table);
    -- What belongs to no workspace yet is seen by transactions for none.
    EXECUTE format(
      'CREATE POLICY %I ON %I TO capstan_access '
      'USING (nullif(current_setting(''app.workspace_id'', true), '''') IS NULL '
      '       OR workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid) '
      'WITH CHECK (nullif(current_setting(''app.workspace_id'', true), '''') IS NULL '
      '       OR workspace_id = nullif(current_setting(''app.workspace_id'', true), '''')::uuid)',
      v_table || '_access', v_table);
    EXECUTE format('CREATE POLICY %I ON %I TO CURRENT_USER USING (true) WITH CHECK (true)', v_table || '_owner', v_table);
  END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE (plan, set_by, set_at), DELETE ON billing_prices TO capstan_access;
GRANT SELECT, INSERT ON billing_price_changes TO capstan_access;
GRANT SELECT, INSERT, UPDATE (customer_id, plan, look_at, linked_by, linked_at) ON billing_customers TO capstan_access;
GRANT SELECT, INSERT, UPDATE (workspace_id, status, status_before, prices, period_ends_at, ends_at, event_id, event_at,
  event_rank, changed_at), DELETE ON billing_subscriptions TO capstan_access;
GRANT SELECT, INSERT, UPDATE (workspace_id, outcome, kept_until), DELETE ON billing_events TO capstan_access;
GRANT SELECT, INSERT, UPDATE (tried_at), DELETE ON billing_news TO capstan_access;

-- Billing gives plans in the transaction that takes an event in, where plans are given anyway.
CREATE POLICY workspace_plans_billing_insert ON workspace_plans FOR INSERT TO capstan_access
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
CREATE POLICY workspace_plans_billing_update ON workspace_plans FOR UPDATE TO capstan_access
  USING (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id))
  WITH CHECK (workspace_id = coalesce(nullif(current_setting('app.workspace_id', true), '')::uuid, workspace_id));
GRANT INSERT (workspace_id, plan, overrides, buffer_percent), UPDATE (plan, overrides, buffer_percent, revision, changed_at)
  ON workspace_plans TO capstan_access;
