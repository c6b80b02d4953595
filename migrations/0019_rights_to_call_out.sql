-- Names of the classes of numbers outside that a line may call through trunks, one a line; none unless somebody
-- gives it some. What classes there are is in the configuration.
ALTER TABLE extension ADD COLUMN outbound_classes text NOT NULL DEFAULT '';
