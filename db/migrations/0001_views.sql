-- On what is short in a value instead of on all of it: a third of the bytes, the same answers.
CREATE INDEX `messages_by_second` ON `claude_code_messages` (unixepoch(`timestamp`));
--> statement-breakpoint
CREATE INDEX `answers_to_message` ON `claude_code_messages` (substr(`reply_to`, 1, 8)) WHERE `reply_to` IS NOT NULL;
--> statement-breakpoint
CREATE VIEW `turn_models` AS
SELECT
	u.message_key,
	o.name AS model,
	u.input_tokens,
	u.output_tokens,
	u.cache_read_tokens,
	u.cache_creation_tokens,
	u.cost_nano
FROM turn_usage u
JOIN models o ON o.id = u.model_id;
--> statement-breakpoint
CREATE VIEW `claude_code_session_stats` AS
SELECT
	s.id AS session_id,
	s.user_id,
	s.project_path,
	s.title,
	s.status,
	s.agent,
	s.simulated,
	s.started_at,
	s.ended_at,
	s.last_activity,
	round((julianday(coalesce(s.ended_at, 'now')) - julianday(s.started_at)) * 86400, 3) AS duration_seconds,
	count(*) FILTER (WHERE m.direction = 'to_claude') AS message_count,
	count(*) FILTER (WHERE m.direction = 'from_claude') AS response_count,
	count(*) FILTER (WHERE m.direction = 'to_claude' AND m.status = 'failed') AS failed_count,
	count(*) FILTER (WHERE m.direction = 'to_claude' AND m.status = 'unknown') AS unknown_count,
	count(*) FILTER (WHERE m.direction = 'to_claude' AND m.status IN ('queued', 'sent')) AS open_count,
	coalesce(sum(m.cost_nano), 0) AS cost_nano,
	coalesce(sum(m.cost_nano), 0) / 1000000000.0 AS cost_usd,
	avg(m.cost_nano) / 1000000000.0 AS average_cost_usd,
	max(m.cost_nano) / 1000000000.0 AS highest_cost_usd,
	min(m.timestamp) AS first_message_at,
	max(m.timestamp) AS last_message_at
FROM claude_code_sessions s
LEFT JOIN claude_code_messages m ON m.session_key = s.key
GROUP BY s.id;
--> statement-breakpoint
CREATE VIEW `claude_code_recent_messages` AS
SELECT
	m.id AS message_id,
	m.session_id,
	s.user_id,
	s.project_path,
	s.status AS session_status,
	m.direction,
	m.message,
	m.timestamp,
	m.cost_usd,
	m.status,
	m.reply_to,
	m.context
FROM claude_code_messages m
JOIN claude_code_sessions s ON s.id = m.session_id
ORDER BY m.key DESC;
--> statement-breakpoint
CREATE TRIGGER `session_by_hand` AFTER INSERT ON `claude_code_sessions` WHEN new.key IS NULL
BEGIN
	UPDATE claude_code_sessions
	SET
		key = (SELECT coalesce(max(key), 0) + 1 FROM claude_code_sessions),
		cost_nano = CAST(round(new.cost_usd * 1000000000.0) AS INTEGER),
		cost_usd = CAST(round(new.cost_usd * 1000000000.0) AS INTEGER) / 1000000000.0
	WHERE id = new.id;
END;
--> statement-breakpoint
CREATE TRIGGER `message_by_hand` AFTER INSERT ON `claude_code_messages` WHEN new.key IS NULL
BEGIN
	UPDATE claude_code_messages
	SET
		key = (SELECT coalesce(max(key), 0) + 1 FROM claude_code_messages),
		session_key = (SELECT key FROM claude_code_sessions WHERE id = new.session_id),
		cost_nano = CAST(round(new.cost_usd * 1000000000.0) AS INTEGER),
		cost_usd = CAST(round(new.cost_usd * 1000000000.0) AS INTEGER) / 1000000000.0
	WHERE id = new.id;
END;
--> statement-breakpoint
CREATE VIRTUAL TABLE `message_search` USING fts5(
	message,
	content='claude_code_messages',
	content_rowid='key',
	tokenize='unicode61 remove_diacritics 2',
	columnsize=0
);
--> statement-breakpoint
CREATE TRIGGER `search_inserted` AFTER INSERT ON `claude_code_messages` WHEN new.key IS NOT NULL
BEGIN
	INSERT INTO message_search (rowid, message) VALUES (new.key, new.message);
END;
--> statement-breakpoint
CREATE TRIGGER `search_updated` AFTER UPDATE OF `key`, `message` ON `claude_code_messages`
WHEN old.key IS NOT new.key OR old.message IS NOT new.message
BEGIN
	INSERT INTO message_search (message_search, rowid, message)
	SELECT 'delete', old.key, old.message WHERE old.key IS NOT NULL;
	INSERT INTO message_search (rowid, message) SELECT new.key, new.message WHERE new.key IS NOT NULL;
END;
--> statement-breakpoint
CREATE TRIGGER `search_deleted` AFTER DELETE ON `claude_code_messages` WHEN old.key IS NOT NULL
BEGIN
	INSERT INTO message_search (message_search, rowid, message) VALUES ('delete', old.key, old.message);
END;
