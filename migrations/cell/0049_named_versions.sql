-- What people call a version, and what they say of it. Versions of before have neither.
ALTER TABLE workflow_versions
  ADD COLUMN name text CONSTRAINT workflow_versions_name_length CHECK (length(name) BETWEEN 1 AND 100),
  ADD COLUMN note text CONSTRAINT workflow_versions_note_length CHECK (length(note) BETWEEN 1 AND 2000);
