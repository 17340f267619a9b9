-- Changes are counted by the statements that make them, so that each row can say at which
-- count it changed last: a follower of ten thousand clusters reads only the few that did.
DROP TRIGGER templates_added;
DROP TRIGGER templates_gone;
DROP TRIGGER clusters_added;
DROP TRIGGER clusters_saved;
DROP TRIGGER clusters_gone;
ALTER TABLE clusters ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX clusters_by_change ON clusters (project_id, region, changed);

-- No foreign keys: these outlive their clusters.
CREATE TABLE history (
    id         INTEGER PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    cluster_id TEXT NOT NULL,
    driver     TEXT NOT NULL,
    operation  TEXT NOT NULL,
    nodes      INTEGER NOT NULL,
    took       INTEGER,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_scope ON history (project_id, region, id);
CREATE INDEX history_by_cluster ON history (cluster_id, id);
CREATE INDEX history_durations ON history (project_id, region, driver, operation, id) WHERE took IS NOT NULL;

CREATE TABLE certificates (
    id         INTEGER PRIMARY KEY NOT NULL,
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    cluster_id TEXT NOT NULL,
    body       TEXT NOT NULL
) STRICT;
CREATE INDEX certificates_by_scope ON certificates (project_id, region, cluster_id, id);

CREATE TABLE quotas (
    project_id TEXT NOT NULL,
    region     TEXT NOT NULL,
    resource   TEXT NOT NULL,
    hard_limit INTEGER NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (project_id, region, resource)
) STRICT;
