-- The music that whoever a line puts on hold hears, by the name of its folder; NULL for that of the line's
-- domain, and there for that of the configuration.
ALTER TABLE extension ADD COLUMN hold_music text;
ALTER TABLE domain ADD COLUMN hold_music text;
