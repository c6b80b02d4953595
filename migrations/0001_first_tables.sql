-- The dialect that SQLite and PostgreSQL share. Ids are UUID v7 (SQLite keeps their 16 bytes);
-- times are Unix milliseconds, UTC; texts of peers that need not be UTF-8 are bytea.

CREATE TABLE domain (
    id uuid NOT NULL PRIMARY KEY,
    -- The digest realm and the host part of addresses of record; also a row of domain_name.
    name text NOT NULL,
    created_at bigint NOT NULL
);

-- Every host part that means a domain, lower case: its own name and its aliases.
CREATE TABLE domain_name (
    name text NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE
);

-- A person who signs in.
CREATE TABLE user_account (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    login text NOT NULL,
    display_name text NOT NULL,
    -- Argon2id, PHC string.
    password_hash text NOT NULL,
    role text NOT NULL,
    is_disabled boolean NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (domain_id, login),
    UNIQUE (domain_id, id)
);

-- A number with SIP credentials.
CREATE TABLE extension (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    number text NOT NULL,
    display_name text NOT NULL,
    -- H(number:domain name:password), lower-case hexadecimal.
    ha1_md5 text NOT NULL,
    ha1_sha256 text NOT NULL,
    -- NULL for no limit.
    calls_max bigint,
    ring_timeout_s bigint NOT NULL,
    -- Who sits there, of the same domain.
    user_id uuid,
    created_at bigint NOT NULL,
    UNIQUE (domain_id, number),
    FOREIGN KEY (domain_id, user_id) REFERENCES user_account (domain_id, id)
);

-- Address of record to contact, RFC 3261 section 10.
CREATE TABLE binding (
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    aor_user text NOT NULL,
    -- The contact, or the instance and reg-id of RFC 5626.
    binding_key text NOT NULL,
    -- <URI> and contact parameters, as written.
    contact bytea NOT NULL,
    q_per_mille bigint NOT NULL,
    expires_at bigint NOT NULL,
    registered_at bigint NOT NULL,
    call_id bytea NOT NULL,
    cseq bigint NOT NULL,
    -- Path header values, one a line.
    path bytea NOT NULL,
    transport text NOT NULL,
    remote_address text NOT NULL,
    local_address text NOT NULL,
    user_agent text NOT NULL,
    instance text,
    reg_id bigint,
    PRIMARY KEY (domain_id, aor_user, binding_key)
);

-- One row a leg, written once. No foreign key: the record outlives what it tells of.
CREATE TABLE cdr (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL,
    call_id uuid NOT NULL,
    leg_id uuid NOT NULL,
    role text NOT NULL,
    caller text NOT NULL,
    dialled text NOT NULL,
    party text NOT NULL,
    sip_call_id text NOT NULL,
    signalling_peer text NOT NULL,
    started_at bigint NOT NULL,
    ring_ms bigint,
    answer_ms bigint,
    end_ms bigint NOT NULL,
    talk_ms bigint NOT NULL,
    sip_status bigint NOT NULL,
    hangup text NOT NULL,
    cause text NOT NULL,
    codec text,
    packets_received bigint NOT NULL,
    bytes_received bigint NOT NULL,
    packets_sent bigint NOT NULL,
    bytes_sent bigint NOT NULL,
    packets_lost bigint NOT NULL,
    jitter_ms double precision NOT NULL,
    packets_foreign bigint NOT NULL,
    payload_type bigint,
    latched text
);

CREATE INDEX cdr_by_domain ON cdr (domain_id, id);
CREATE INDEX cdr_by_call ON cdr (call_id);
