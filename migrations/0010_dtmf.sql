-- How keys come from the devices of a line, or from a trunk, and go to them: auto, rfc4733, info or
-- inband.
ALTER TABLE extension ADD COLUMN dtmf text NOT NULL DEFAULT 'auto';
ALTER TABLE trunk ADD COLUMN dtmf text NOT NULL DEFAULT 'auto';
