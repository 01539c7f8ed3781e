-- What zonal remembers. The same text is understood by SQLite and by PostgreSQL.

-- One row for each time that zonal was at work.
CREATE TABLE runs (
    id BIGINT PRIMARY KEY,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    -- When it was last heard of, in seconds since 1970 by the database's clock.
    heard BIGINT NOT NULL,
    -- The run, as JSON.
    body TEXT NOT NULL
);

-- What a run set out to do, and how that ended, as JSON.
CREATE TABLE plans (
    run BIGINT PRIMARY KEY,
    plan TEXT NOT NULL,
    report TEXT
);

-- What a run wrote down before and after each request.
CREATE TABLE journal (
    run BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    moment TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);

-- What was last applied: one row for each collection of each zone, its records as JSON.
CREATE TABLE ledger (
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (network, environment, zone, collection)
);

-- Who may write to a zone.
CREATE TABLE leases (
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    run BIGINT NOT NULL,
    holder TEXT NOT NULL,
    -- In seconds since 1970, by the database's clock.
    expires BIGINT NOT NULL,
    PRIMARY KEY (network, environment, zone)
);

-- Every change that was ever sent.
CREATE TABLE history (
    number BIGINT PRIMARY KEY,
    run BIGINT NOT NULL,
    at TEXT NOT NULL,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    record TEXT NOT NULL,
    -- The collection, the record's key and what was done, as JSON.
    body TEXT NOT NULL,
    proof TEXT NOT NULL,
    -- Of this row and of the hash of the one before it.
    hash TEXT NOT NULL
);
CREATE INDEX history_by_network ON history (network, environment, number);
CREATE INDEX history_by_run ON history (run, number);
-- A zone belongs to one network, and to few environments.
CREATE INDEX history_by_zone ON history (zone, number);
CREATE INDEX history_by_record ON history (zone, collection, record, number);

-- The end of the chain of hashes.
CREATE TABLE chain (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO chain (id, number, hash) VALUES (1, 0, '');
