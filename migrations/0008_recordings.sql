-- Recordings of calls that are over; the sound is in a file. The id is a UUID v7 of the start.
CREATE TABLE recording (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL,
    call_id uuid NOT NULL,
    started_at bigint NOT NULL,
    duration_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    -- Of the file, lower-case hexadecimal.
    sha256 text NOT NULL,
    -- Below recording.dir, with / between the parts.
    file text NOT NULL,
    -- Who is on which channel.
    left_party text NOT NULL,
    right_party text NOT NULL,
    -- complete, cut_off (its process died), expired (the file was removed after its time)
    state text NOT NULL,
    packets_lost bigint NOT NULL
);

CREATE INDEX recording_by_call ON recording (domain_id, call_id);
CREATE INDEX recording_by_age ON recording (started_at);
