-- Names of the classes of numbers outside that a line may call through trunks, one a line; none unless somebody
-- gives it some. What classes there are is in the configuration.
ALTER TABLE extension ADD COLUMN outbound_classes text NOT NULL DEFAULT '';

-- How long was talked through trunks on one day, by each class of numbers: the latest day of each. What line_id has
-- is an extension, or the domain's own id for all of its lines together.
CREATE TABLE outbound_use (
    domain_id uuid NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    line_id uuid NOT NULL,
    class text NOT NULL,
    -- Days since 1970 by the clock of the class.
    day bigint NOT NULL,
    talked_ms bigint NOT NULL,
    PRIMARY KEY (domain_id, line_id, class)
);
