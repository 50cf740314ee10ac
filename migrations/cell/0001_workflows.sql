-- Workflows: a mutable draft and immutable published versions.

CREATE TABLE workflows (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  name text NOT NULL CONSTRAINT workflows_name_length CHECK (length(name) BETWEEN 1 AND 200),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted_at timestamptz,
  PRIMARY KEY (workspace_id, workflow_id)
);

-- The graph exactly as the editor has it; `revision` rises by one with each save.
CREATE TABLE workflow_drafts (
  workspace_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  graph jsonb NOT NULL,
  revision int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, workflow_id),
  FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows
);

-- `semantics` is the number of the rules under which the version was published.
CREATE TABLE workflow_versions (
  workspace_id uuid NOT NULL,
  version_id uuid NOT NULL,
  workflow_id uuid NOT NULL,
  number int NOT NULL,
  graph jsonb NOT NULL,
  semantics int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, version_id),
  CONSTRAINT workflow_versions_number_key UNIQUE (workspace_id, workflow_id, number),
  FOREIGN KEY (workspace_id, workflow_id) REFERENCES workflows
);

CREATE TABLE workflow_nodes (
  workspace_id uuid NOT NULL,
  version_id uuid NOT NULL,
  node_id text NOT NULL,
  type text NOT NULL,
  label text NOT NULL,
  config jsonb NOT NULL,
  PRIMARY KEY (workspace_id, version_id, node_id),
  FOREIGN KEY (workspace_id, version_id) REFERENCES workflow_versions
);
CREATE INDEX workflow_nodes_type ON workflow_nodes (workspace_id, type);

CREATE TABLE workflow_edges (
  workspace_id uuid NOT NULL,
  version_id uuid NOT NULL,
  edge_id text NOT NULL,
  source text NOT NULL,
  source_port text NOT NULL,
  target text NOT NULL,
  kind text NOT NULL CONSTRAINT workflow_edges_kind CHECK (kind IN ('flow', 'error', 'compensate')),
  PRIMARY KEY (workspace_id, version_id, edge_id),
  FOREIGN KEY (workspace_id, version_id) REFERENCES workflow_versions
);

-- Which published trigger answers at a form's or hook's path. Replaced when a version is published.
CREATE TABLE trigger_paths (
  workspace_id uuid NOT NULL,
  kind text NOT NULL CONSTRAINT trigger_paths_kind CHECK (kind IN ('form', 'webhook')),
  path text NOT NULL,
  workflow_id uuid NOT NULL,
  version_id uuid NOT NULL,
  node_id text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (workspace_id, kind, path),
  FOREIGN KEY (workspace_id, version_id) REFERENCES workflow_versions
);
CREATE INDEX trigger_paths_workflow ON trigger_paths (workspace_id, workflow_id);
