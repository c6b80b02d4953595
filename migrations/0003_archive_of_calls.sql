-- What a leg's far end was as the leg began: the extension's name, and who sat there.
ALTER TABLE cdr ADD COLUMN party_name text;
ALTER TABLE cdr ADD COLUMN user_id uuid;

-- Rows from before know only what is so today.
UPDATE cdr SET
    party_name = (
        SELECT nullif(display_name, '') FROM extension
        WHERE extension.domain_id = cdr.domain_id AND extension.number = cdr.party
    ),
    user_id = (
        SELECT extension.user_id FROM extension
        WHERE extension.domain_id = cdr.domain_id AND extension.number = cdr.party
    );

-- One row a call, made of its legs' rows in their transaction. The id is a UUID v7 of the call's
-- start, so that the order of ids is the order of time.
CREATE TABLE call_log (
    domain_id uuid NOT NULL,
    id uuid NOT NULL,
    started_at bigint NOT NULL,
    -- in, out, internal
    direction text NOT NULL,
    dialled text NOT NULL,
    -- Side A called. The key is what is searched: the number in lower case, without a leading +.
    a_number text NOT NULL,
    a_name text,
    a_user uuid,
    a_key bytea NOT NULL,
    -- Side B answered (rank 2), or was rung (1), or is only what was dialled (0).
    b_number text NOT NULL,
    b_name text,
    b_user uuid,
    b_key bytea NOT NULL,
    b_rank bigint NOT NULL,
    -- Whether the caller's leg has been seen; until then the figures are those of side B's leg.
    is_complete boolean NOT NULL,
    -- After the start.
    ring_ms bigint,
    answer_ms bigint,
    end_ms bigint NOT NULL,
    talk_ms bigint NOT NULL,
    sip_status bigint NOT NULL,
    hangup text NOT NULL,
    cause text NOT NULL,
    PRIMARY KEY (domain_id, id)
);

CREATE INDEX call_log_by_direction ON call_log (domain_id, direction, id);
CREATE INDEX call_log_by_a ON call_log (domain_id, a_key, id);
CREATE INDEX call_log_by_b ON call_log (domain_id, b_key, id);

-- Whose lines took part in which calls.
CREATE TABLE call_user (
    user_id uuid NOT NULL,
    call_id uuid NOT NULL,
    PRIMARY KEY (user_id, call_id)
);

-- Names that numbers have had in calls: some for each extension, so that any part of a name can be
-- searched.
CREATE TABLE call_name (
    domain_id uuid NOT NULL,
    number_key bytea NOT NULL,
    name text NOT NULL,
    -- In lower case of all languages.
    folded text NOT NULL,
    PRIMARY KEY (domain_id, number_key, name)
);

-- Tables that are still to be made of older rows, and how far that is.
CREATE TABLE backfill (
    name text NOT NULL PRIMARY KEY,
    done_until uuid
);

INSERT INTO backfill (name) SELECT 'call_log' WHERE EXISTS (SELECT 1 FROM cdr);
