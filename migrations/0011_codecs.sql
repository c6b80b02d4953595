-- Voice codecs that the devices of a line, or a trunk, may use, the preferred first, one a line; empty
-- for all.
ALTER TABLE extension ADD COLUMN codecs text NOT NULL DEFAULT '';
ALTER TABLE trunk ADD COLUMN codecs text NOT NULL DEFAULT '';
