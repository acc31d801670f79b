CREATE TABLE `budget_grants` (
	`message_id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`user_id` text NOT NULL,
	`project_path` text NOT NULL,
	`amount_nano` integer NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `budgets` (
	`budget_id` text PRIMARY KEY NOT NULL,
	`scope` text NOT NULL,
	`scope_id` text NOT NULL,
	`period` text NOT NULL,
	`limit_nano` integer NOT NULL,
	`at_limit` text NOT NULL,
	`alert_at` text NOT NULL,
	`time_zone` text NOT NULL,
	`period_start` text,
	`period_end` text,
	`spent_nano` integer NOT NULL,
	`created_at` text NOT NULL,
	`updated_at` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `budgets_by_scope` ON `budgets` (`scope`,`scope_id`,`period`);--> statement-breakpoint
CREATE TABLE `cost_sums` (
	`slot` integer NOT NULL,
	`session_key` integer NOT NULL,
	`model_id` integer NOT NULL,
	`cost_nano` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`cache_read_tokens` integer NOT NULL,
	`cache_creation_tokens` integer NOT NULL,
	`messages` integer NOT NULL,
	`unknown` integer NOT NULL,
	PRIMARY KEY(`slot`, `session_key`, `model_id`),
	FOREIGN KEY (`session_key`) REFERENCES `claude_code_sessions`(`key`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `cost_sums_of_session` ON `cost_sums` (`session_key`);--> statement-breakpoint
CREATE TRIGGER `sum_of_message` AFTER INSERT ON `claude_code_messages` WHEN new.key IS NOT NULL AND new.session_key IS NOT NULL
BEGIN
	INSERT INTO cost_sums VALUES (
		unixepoch(new.timestamp) / 900, new.session_key, 0, coalesce(new.cost_nano, 0), 0, 0, 0, 0,
		new.direction = 'to_claude', new.direction = 'from_claude' AND new.cost_nano IS NULL
	)
	ON CONFLICT DO UPDATE SET
		cost_nano = cost_nano + excluded.cost_nano,
		messages = messages + excluded.messages,
		unknown = unknown + excluded.unknown;
END;
--> statement-breakpoint
CREATE TRIGGER `sum_of_message_by_hand` AFTER UPDATE OF `key` ON `claude_code_messages`
WHEN old.key IS NULL AND new.key IS NOT NULL AND new.session_key IS NOT NULL
BEGIN
	INSERT INTO cost_sums VALUES (
		unixepoch(new.timestamp) / 900, new.session_key, 0, coalesce(new.cost_nano, 0), 0, 0, 0, 0,
		new.direction = 'to_claude', new.direction = 'from_claude' AND new.cost_nano IS NULL
	)
	ON CONFLICT DO UPDATE SET
		cost_nano = cost_nano + excluded.cost_nano,
		messages = messages + excluded.messages,
		unknown = unknown + excluded.unknown;
END;
--> statement-breakpoint
CREATE TRIGGER `sum_of_model` AFTER INSERT ON `turn_usage`
BEGIN
	INSERT INTO cost_sums
	SELECT unixepoch(timestamp) / 900, session_key, new.model_id, new.cost_nano, new.input_tokens, new.output_tokens,
		new.cache_read_tokens, new.cache_creation_tokens, 1, 0
	FROM claude_code_messages WHERE key = new.message_key
	ON CONFLICT DO UPDATE SET
		cost_nano = cost_nano + excluded.cost_nano,
		input_tokens = input_tokens + excluded.input_tokens,
		output_tokens = output_tokens + excluded.output_tokens,
		cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
		cache_creation_tokens = cache_creation_tokens + excluded.cache_creation_tokens,
		messages = messages + 1;
END;
--> statement-breakpoint
INSERT INTO cost_sums
SELECT unixepoch(timestamp) / 900, session_key, 0, sum(coalesce(cost_nano, 0)), 0, 0, 0, 0,
	count(*) FILTER (WHERE direction = 'to_claude'),
	count(*) FILTER (WHERE direction = 'from_claude' AND cost_nano IS NULL)
FROM claude_code_messages WHERE key IS NOT NULL AND session_key IS NOT NULL GROUP BY 1, 2;
--> statement-breakpoint
INSERT INTO cost_sums
SELECT unixepoch(m.timestamp) / 900, m.session_key, u.model_id, sum(u.cost_nano), sum(u.input_tokens),
	sum(u.output_tokens), sum(u.cache_read_tokens), sum(u.cache_creation_tokens), count(*), 0
FROM turn_usage u JOIN claude_code_messages m ON m.key = u.message_key GROUP BY 1, 2, 3;
