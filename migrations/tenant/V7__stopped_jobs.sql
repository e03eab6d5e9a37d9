-- no transaction
-- Jobs that wait for somebody: those that may go on again, and those that a person has to look at.
CREATE INDEX CONCURRENTLY jobs_stopped ON jobs (state, id) WHERE state IN ('held', 'dead');
