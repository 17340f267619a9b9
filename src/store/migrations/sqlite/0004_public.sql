-- Whether other projects see it is asked for all of them at once. Older templates do not say on
-- which cloud they are, so that no other project sees them before they are saved again.
ALTER TABLE templates ADD COLUMN public INTEGER NOT NULL DEFAULT 0;
CREATE INDEX templates_public ON templates (region) WHERE public = 1;
