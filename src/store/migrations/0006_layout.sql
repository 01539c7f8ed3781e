-- Layout without repetition: each change stands once, plans and reports are split by zone, and bodies are
-- compressed. zonal moves the rows of `plans`, `applied_state` and `history` here, and drops these tables.

-- Changes of one write of a collection, referred to by the journal and the history.
CREATE TABLE changes (
    run BIGINT NOT NULL,
    -- Number of the journal entry that introduced them; negative for changes from before version 6.
    number BIGINT NOT NULL,
    -- One change per line, as JSON, compressed with zlib.
    body BYTEA NOT NULL,
    PRIMARY KEY (run, number)
);

-- Plan and report of a run: a head, with an empty zone code, and one part per zone.
CREATE TABLE run_documents (
    run BIGINT NOT NULL,
    -- `plan` or `report`.
    kind TEXT NOT NULL,
    zone TEXT NOT NULL,
    -- JSON, compressed with zlib.
    body BYTEA NOT NULL,
    PRIMARY KEY (run, kind, zone)
);

-- Applied state: one row per collection of each zone.
CREATE TABLE applied_collections (
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    -- Number of rows in the last accepted reading; -1 without one.
    accepted_rows BIGINT NOT NULL,
    -- Records as JSON, compressed with zlib.
    body BYTEA NOT NULL,
    PRIMARY KEY (network, environment, zone, collection)
);

-- Applied changes, append-only and hash-chained: one row per write of a collection.
CREATE TABLE history_blocks (
    -- Numbers of the first and last entry.
    first_entry BIGINT PRIMARY KEY,
    last_entry BIGINT NOT NULL,
    run BIGINT NOT NULL,
    at TEXT NOT NULL,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    verification TEXT NOT NULL,
    -- Number of the changes of the run.
    changes BIGINT NOT NULL,
    -- Hashes of the entries, 32 bytes each. A hash covers the entry and the previous hash.
    hashes BYTEA NOT NULL
);
CREATE INDEX blocks_by_network ON history_blocks (network, environment, first_entry);
CREATE INDEX blocks_by_run ON history_blocks (run, first_entry);
-- A zone belongs to one network and few environments.
CREATE INDEX blocks_by_zone ON history_blocks (zone, first_entry);
CREATE INDEX blocks_by_collection ON history_blocks (zone, collection, first_entry);
