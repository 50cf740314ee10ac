-- So many leads (:leads) of the workspace "acme", and a tenth as many of "other", made over the last 360 days. One in a million has a
-- company that no other one has. The indexes are made afterwards, which is quicker.
SET search_path = cell_1;
SET synchronous_commit = off;
SET maintenance_work_mem = '512MB';

CREATE TEMPORARY TABLE later AS
  SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i WHERE i.indrelid = 'leads'::regclass AND NOT i.indisprimary;
SELECT format('DROP INDEX %s', name) FROM later \gexec

INSERT INTO leads (workspace_id, lead_id, email, email_key, name, company, status, source, created_at, updated_at, last_activity_at, words)
SELECT w.workspace_id,
       (substr(uuid_floor_1(t.at)::text, 1, 24) || lpad(to_hex(g.n), 12, '0'))::uuid,
       'lead' || g.n || '@example.com', 'lead' || g.n || '@example.com', 'Lead ' || g.n,
       CASE WHEN g.n % 1000000 = 7 THEN 'Singular ' || g.n ELSE 'Example' END,
       (ARRAY['new', 'qualified', 'booked', 'proposal', 'won'])[1 + g.n % 5],
       (ARRAY['web', 'fair', 'form:contact'])[1 + g.n % 3], t.at, t.at, t.at,
       array_to_tsvector(ARRAY['lead', g.n::text, 'example', 'lead' || g.n, CASE WHEN g.n % 1000000 = 7 THEN 'singular' ELSE 'com' END])
  FROM generate_series(1, :leads) AS g (n)
 CROSS JOIN LATERAL (SELECT now() - interval '360 days' + g.n * (interval '360 days' / :leads) AS at) AS t
  JOIN control.workspaces w ON w.slug = 'acme' OR (w.slug = 'other' AND g.n % 10 = 0);

SELECT definition FROM later \gexec
VACUUM (ANALYZE) leads;
