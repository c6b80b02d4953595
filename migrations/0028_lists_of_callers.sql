-- Whom a domain or one of its lines takes calls from: callers from outside that are blocked, and those that are
-- allowed. Without any, everybody.
CREATE TABLE listed_caller (
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    -- Whose list it is in; NULL for the domain's.
    line_id uuid REFERENCES extension (id) ON DELETE CASCADE,
    -- A number, the beginning of numbers followed by '*', or 'anonymous'.
    caller text NOT NULL,
    is_allowed boolean NOT NULL
);

CREATE INDEX listed_caller_by_domain ON listed_caller (domain_id);
CREATE INDEX listed_caller_by_line ON listed_caller (line_id);
