-- A search by name is looked up in the index alone.
DROP INDEX call_log_by_a;
DROP INDEX call_log_by_b;
CREATE INDEX call_log_by_a ON call_log (domain_id, a_key, id, a_name);
CREATE INDEX call_log_by_b ON call_log (domain_id, b_key, id, b_name);
