-- Number of rows in the last accepted reading of a collection; -1 without one.
ALTER TABLE applied_state ADD COLUMN accepted_rows BIGINT NOT NULL DEFAULT -1;
