-- Tables of the store, for SQLite and PostgreSQL. Versions 1 and 2 had other names of tables and columns.

-- One row per run.
CREATE TABLE runs (
    id BIGINT PRIMARY KEY,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    -- Time of the last heartbeat, in seconds since 1970 by the database clock.
    last_heartbeat BIGINT NOT NULL,
    -- The run, as JSON.
    body TEXT NOT NULL,
    -- Run group: runs that share the zones of one network, with a common report.
    run_group TEXT
);
CREATE INDEX runs_by_group ON runs (network, environment, run_group);

-- Plan and report of a run, as JSON.
CREATE TABLE plans (
    run BIGINT PRIMARY KEY,
    plan TEXT NOT NULL,
    report TEXT
);

-- Write-ahead journal of the runs: entries before and after each request.
CREATE TABLE journal (
    run BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    phase TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);

-- Applied state: one row per collection of each zone, with the records as JSON.
CREATE TABLE applied_state (
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (network, environment, zone, collection)
);

-- Leases: the run that may write to a zone.
CREATE TABLE leases (
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    run BIGINT NOT NULL,
    holder TEXT NOT NULL,
    -- Expiry, in seconds since 1970 by the database clock.
    expires BIGINT NOT NULL,
    PRIMARY KEY (network, environment, zone)
);

-- Applied changes, append-only and hash-chained.
CREATE TABLE history (
    number BIGINT PRIMARY KEY,
    run BIGINT NOT NULL,
    at TEXT NOT NULL,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    record TEXT NOT NULL,
    -- Collection, key and applied change, as JSON.
    body TEXT NOT NULL,
    verification TEXT NOT NULL,
    -- Hash of this row and of the previous hash.
    hash TEXT NOT NULL
);
CREATE INDEX history_by_network ON history (network, environment, number);
CREATE INDEX history_by_run ON history (run, number);
-- A zone belongs to one network and few environments.
CREATE INDEX history_by_zone ON history (zone, number);
CREATE INDEX history_by_record ON history (zone, collection, record, number);

-- Head of the hash chain.
CREATE TABLE history_head (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO history_head (id, number, hash) VALUES (1, 0, '');
