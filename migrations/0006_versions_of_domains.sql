-- Counts the changes, so that two administrators do not overwrite each other unseen.
ALTER TABLE domain ADD COLUMN version bigint NOT NULL DEFAULT 1;
