-- The number that trunks see of a line; NULL for what the trunk says. Whether those whom it calls outside are not to
-- know who calls.
ALTER TABLE extension ADD COLUMN caller_number text;
ALTER TABLE extension ADD COLUMN caller_withheld boolean NOT NULL DEFAULT false;
-- How a trunk writes numbers: rules like "8{rest:10} -> +7{rest}", one a line, for numbers that are called through it
-- and by it, and for those of callers.
ALTER TABLE trunk ADD COLUMN called_out text NOT NULL DEFAULT '';
ALTER TABLE trunk ADD COLUMN called_in text NOT NULL DEFAULT '';
ALTER TABLE trunk ADD COLUMN caller_out text NOT NULL DEFAULT '';
ALTER TABLE trunk ADD COLUMN caller_in text NOT NULL DEFAULT '';
-- The number that it sees of lines without one of their own; NULL for the line's.
ALTER TABLE trunk ADD COLUMN caller_default text;
-- Whether it is told who calls even of those who want to be unknown (P-Asserted-Identity).
ALTER TABLE trunk ADD COLUMN asserts_callers boolean NOT NULL DEFAULT false;
-- What a minute costs by the beginning of numbers, like "+7495 0.85", one a line: for the choice of the cheapest.
ALTER TABLE trunk ADD COLUMN rates text NOT NULL DEFAULT '';
