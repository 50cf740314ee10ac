-- People are told which worker made an attempt. Workers write that beside their first entry of the journal, so no table
-- changes; of what is under way, and of what was lost, leases and losses tell it.

GRANT SELECT ON losses TO capstan_api;
GRANT SELECT (worker_no, name) ON workers TO capstan_api;
