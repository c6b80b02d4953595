-- Whether speech of the leg was decoded and encoded for another one.
ALTER TABLE cdr ADD COLUMN transcoded boolean NOT NULL DEFAULT FALSE;
