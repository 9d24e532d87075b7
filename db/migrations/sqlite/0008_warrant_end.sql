-- When somebody saw that a warrant had expired, or that a request had lapsed. It stays so, also when
-- the clock goes back.

ALTER TABLE warrant ADD COLUMN ended_at INTEGER;
