-- Each row has a count of its own, so that changes can be read page by page.
UPDATE clusters SET changed = (SELECT value FROM version) + rowid;
UPDATE version SET value = (SELECT max(value, coalesce((SELECT max(changed) FROM clusters), 0)) FROM version);
