-- Statistics read the legs of a domain call by call; whoever asks for those of one call knows its
-- domain, too.
DROP INDEX cdr_by_call;
CREATE INDEX cdr_by_call ON cdr (domain_id, call_id, id);
