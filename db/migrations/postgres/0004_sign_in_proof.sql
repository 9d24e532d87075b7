-- When and how the person of a session proved who they are; the time is NULL when nobody knows.

ALTER TABLE session ADD COLUMN proved_at BIGINT;
ALTER TABLE session ADD COLUMN acr TEXT NOT NULL DEFAULT '';
UPDATE session SET proved_at = created_at;
