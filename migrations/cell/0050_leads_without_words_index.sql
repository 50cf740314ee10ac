-- Under row-level security no condition whose operator might leak is looked up in an index, and that of words is one: the API
-- never used this one, and each write of a lead paid for it. Words are sought among the newest leads of the workspace instead,
-- up to a bound (domain/src/leads/find.rs). Words of all workspaces in one index would also let one of them slow the others.
DROP INDEX leads_words;
