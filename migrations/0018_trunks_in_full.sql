-- What a trunk is asked for when it challenges our INVITEs; NULL for one that knows us by our address. The
-- password is kept as it is: digest needs it, and nothing reads it but calls through this trunk.
ALTER TABLE trunk ADD COLUMN login_user text;
ALTER TABLE trunk ADD COLUMN login_password text;
-- The one realm that they are for; NULL for any of that trunk.
ALTER TABLE trunk ADD COLUMN login_realm text;
-- For how long we register with it, in seconds; NULL if we do not. Where that goes if the destination does not
-- take it, one HOST:PORT/udp or HOST:PORT/tcp a line.
ALTER TABLE trunk ADD COLUMN register_expires_s bigint;
ALTER TABLE trunk ADD COLUMN register_fallbacks text NOT NULL DEFAULT '';
-- Most calls at a time, and most new ones a second, both directions together; NULL for no limit.
ALTER TABLE trunk ADD COLUMN channels_max bigint;
ALTER TABLE trunk ADD COLUMN cps_max bigint;
-- How often it is asked by OPTIONS whether it is there, in seconds; NULL for never.
ALTER TABLE trunk ADD COLUMN health_interval_s bigint;
