-- Whether a line may sign in at phones of other lines.
ALTER TABLE extension ADD COLUMN may_sign_in boolean NOT NULL DEFAULT false;

-- Which line is signed in at the phones of which other line: a visitor has one workplace, a workplace one
-- visitor.
CREATE TABLE workplace (
    visitor_id uuid NOT NULL PRIMARY KEY REFERENCES extension (id) ON DELETE CASCADE,
    place_id uuid NOT NULL UNIQUE REFERENCES extension (id) ON DELETE CASCADE,
    -- Of both.
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    -- In ms since 1970.
    since bigint NOT NULL
);

-- Number of the line at whose phone the party of a leg was signed in; NULL at its own.
ALTER TABLE cdr ADD COLUMN workplace text;
