-- Runs that share the zones of one network between them, and are reported as one.
ALTER TABLE runs ADD COLUMN run_group TEXT;
CREATE INDEX runs_by_group ON runs (network, environment, run_group);
