-- Bodies are JSON; what is searched or constrained stands beside them.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;

-- Counts every change of templates or clusters, so that a follower can see one cheaply.
CREATE TABLE version (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO version (one, value) VALUES (1, 0);

CREATE TABLE templates (
    id         TEXT PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    name       TEXT NOT NULL,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX templates_by_scope ON templates (project_id, region, name);

CREATE TABLE clusters (
    id          TEXT PRIMARY KEY NOT NULL,
    project_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    template_id TEXT NOT NULL REFERENCES templates (id),
    revision    INTEGER NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (project_id, region, name)
) STRICT;
CREATE INDEX clusters_by_template ON clusters (template_id);

CREATE TABLE secrets (
    cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (cluster_id, name)
) STRICT;

CREATE TRIGGER templates_added AFTER INSERT ON templates BEGIN UPDATE version SET value = value + 1; END;
CREATE TRIGGER templates_gone AFTER DELETE ON templates BEGIN UPDATE version SET value = value + 1; END;
CREATE TRIGGER clusters_added AFTER INSERT ON clusters BEGIN UPDATE version SET value = value + 1; END;
CREATE TRIGGER clusters_saved AFTER UPDATE ON clusters BEGIN UPDATE version SET value = value + 1; END;
CREATE TRIGGER clusters_gone AFTER DELETE ON clusters BEGIN UPDATE version SET value = value + 1; END;
