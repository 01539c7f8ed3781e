-- Run groups: runs that share the zones of one network, with a common report.
ALTER TABLE runs ADD COLUMN run_group TEXT;
CREATE INDEX runs_by_group ON runs (network, environment, run_group);
