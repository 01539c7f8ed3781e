-- Collections as they were before a PUT, and after a PUT that was not verified.
CREATE TABLE images (
    run BIGINT NOT NULL,
    -- Number of the journal entry.
    number BIGINT NOT NULL,
    network TEXT NOT NULL,
    environment TEXT NOT NULL,
    zone TEXT NOT NULL,
    collection TEXT NOT NULL,
    at TEXT NOT NULL,
    -- The collection, as JSON, compressed with gzip, in Base64.
    body TEXT NOT NULL,
    PRIMARY KEY (run, number)
);
CREATE INDEX images_by_collection ON images (network, environment, zone, collection, run, number);
