-- Who may do what, who is signed in, and what was done. Times are Unix milliseconds, UTC; secrets are
-- kept as SHA-256 only.

-- What the first tables kept in user_account.role; opening the store turns each row into rows of
-- user_role, once the domain has its roles, and removes it.
CREATE TABLE role_wish (
    user_id uuid NOT NULL PRIMARY KEY,
    role text NOT NULL
);
INSERT INTO role_wish (user_id, role) SELECT id, role FROM user_account;
ALTER TABLE user_account DROP COLUMN role;

ALTER TABLE user_account ADD COLUMN email text;
ALTER TABLE user_account ADD COLUMN position text;
ALTER TABLE user_account ADD COLUMN locale text NOT NULL DEFAULT 'ru';
-- Counts the changes, so that two administrators do not overwrite each other unseen.
ALTER TABLE user_account ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- A set of rights with a name.
CREATE TABLE role (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    code text NOT NULL,
    title_ru text NOT NULL,
    title_en text NOT NULL,
    -- A JSON list of words.
    rights text NOT NULL,
    -- Made and kept up by the program; not for people to change.
    is_built_in boolean NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (domain_id, code),
    UNIQUE (domain_id, id)
);

CREATE TABLE user_role (
    domain_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    PRIMARY KEY (user_id, role_id),
    FOREIGN KEY (domain_id, user_id) REFERENCES user_account (domain_id, id) ON DELETE CASCADE,
    FOREIGN KEY (domain_id, role_id) REFERENCES role (domain_id, id)
);
CREATE INDEX user_role_by_role ON user_role (role_id);

-- A screen on a wall: shows the board and may nothing else.
CREATE TABLE wall_token (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    title text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

-- Somebody, or a wall, that is signed in.
CREATE TABLE session (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    user_id uuid,
    wall_token_id uuid REFERENCES wall_token (id) ON DELETE CASCADE,
    -- SHA-256 of the cookie.
    token_hash bytea NOT NULL UNIQUE,
    csrf text NOT NULL,
    address text NOT NULL,
    user_agent text NOT NULL,
    created_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    -- However busy it is.
    expires_at bigint NOT NULL,
    FOREIGN KEY (domain_id, user_id) REFERENCES user_account (domain_id, id) ON DELETE CASCADE
);
CREATE INDEX session_by_user ON session (user_id);

-- A letter with a link that sets a new password, once.
CREATE TABLE password_recovery (
    token_hash bytea NOT NULL PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    expires_at bigint NOT NULL
);

-- What a person has set up for themselves; the panel decides what the JSON means.
CREATE TABLE user_setting (
    user_id uuid NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    key text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (user_id, key)
);

-- Who did what. Rows are added only; no foreign key: the record outlives what it tells of.
CREATE TABLE audit (
    id uuid NOT NULL PRIMARY KEY,
    domain_id uuid NOT NULL,
    at bigint NOT NULL,
    user_id uuid,
    -- The login at that time, or what acted in its place.
    who text NOT NULL,
    address text NOT NULL,
    what text NOT NULL,
    object text NOT NULL,
    object_id text NOT NULL,
    -- JSON, without secrets.
    state_before text,
    state_after text
);
CREATE INDEX audit_by_domain ON audit (domain_id, id);
