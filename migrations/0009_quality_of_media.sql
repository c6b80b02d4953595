-- What a leg sounded like: mean opinion scores (ITU-T G.107) of what came from its far end and of what
-- that heard, and what the far end itself told (RTCP). Null where nothing is known.
ALTER TABLE cdr ADD COLUMN mos double precision;
ALTER TABLE cdr ADD COLUMN far_packets_lost bigint;
ALTER TABLE cdr ADD COLUMN far_jitter_ms double precision;
ALTER TABLE cdr ADD COLUMN far_mos double precision;
ALTER TABLE cdr ADD COLUMN rtt_ms double precision;
