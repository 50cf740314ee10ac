-- the rows a graph engine has to write, with the indexes it cannot do without
DROP TABLE IF EXISTS step, execution, queue;
CREATE TABLE execution (
  id uuid PRIMARY KEY, workflow_id int NOT NULL, status smallint NOT NULL DEFAULT 0,
  input jsonb NOT NULL, output jsonb,
  created_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz
) WITH (fillfactor = 70);
CREATE INDEX ON execution (workflow_id, created_at);
CREATE TABLE step (
  execution_id uuid NOT NULL, seq int NOT NULL, node text NOT NULL, status smallint NOT NULL,
  started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, output jsonb,
  PRIMARY KEY (execution_id, seq)
);
CREATE TABLE queue (
  id bigserial PRIMARY KEY, execution_id uuid NOT NULL, attempt int NOT NULL DEFAULT 0,
  locked_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
