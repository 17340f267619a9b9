-- The same tables as SQLite's. Bodies are JSON; what is searched or constrained stands beside them.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Counts every change of templates or clusters. Its row is locked from a change until its
-- commit: whoever reads count N sees all changes up to N.
CREATE TABLE version (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    value BIGINT NOT NULL
);
INSERT INTO version (one, value) VALUES (1, 0);

CREATE TABLE templates (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    name       TEXT NOT NULL,
    body       TEXT NOT NULL
);
CREATE INDEX templates_by_scope ON templates (project_id, region, name);

CREATE TABLE clusters (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL,
    region      TEXT NOT NULL,
    name        TEXT NOT NULL,
    template_id TEXT NOT NULL REFERENCES templates (id),
    revision    BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    body        TEXT NOT NULL,
    UNIQUE (project_id, region, name)
);
CREATE INDEX clusters_by_template ON clusters (template_id);
CREATE INDEX clusters_by_change ON clusters (project_id, region, changed);

CREATE TABLE secrets (
    cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (cluster_id, name)
);

-- No foreign keys: these outlive their clusters.
CREATE TABLE history (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    cluster_id TEXT NOT NULL,
    driver     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    nodes      BIGINT NOT NULL,
    took       BIGINT,
    body       TEXT NOT NULL
);
CREATE INDEX history_by_scope ON history (project_id, region, id);
CREATE INDEX history_by_cluster ON history (cluster_id, id);
CREATE INDEX history_durations ON history (project_id, region, driver, operation, id) WHERE took IS NOT NULL;

CREATE TABLE certificates (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    cluster_id TEXT NOT NULL,
    body       TEXT NOT NULL
);
CREATE INDEX certificates_by_scope ON certificates (project_id, region, cluster_id, id);

CREATE TABLE quotas (
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    resource   TEXT NOT NULL,
    hard_limit BIGINT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (project_id, region, resource)
);

-- Listeners hear of every change when it is committed.
CREATE FUNCTION tell_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('jeroboam', '');
    RETURN NULL;
END $$;
CREATE TRIGGER version_counted AFTER UPDATE ON version FOR EACH STATEMENT EXECUTE FUNCTION tell_changed();

-- Who works on what: see src/store/lease.rs.
CREATE TABLE conductors (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    host       TEXT NOT NULL,
    pid        BIGINT NOT NULL,
    stands_in  BIGINT NOT NULL,
    ends       TIMESTAMPTZ NOT NULL
);

CREATE TABLE shards (
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    shard      BIGINT NOT NULL,
    conductor  TEXT NOT NULL REFERENCES conductors (id) ON DELETE CASCADE,
    PRIMARY KEY (project_id, region, shard)
);
