CREATE TABLE `admissions` (
	`session_id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`project_path` text NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `admissions_of_user` ON `admissions` (`user_id`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`session_id` text NOT NULL,
	`key` text NOT NULL,
	`body_hash` text NOT NULL,
	`message_id` text NOT NULL,
	PRIMARY KEY(`session_id`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `message_bodies` (
	`message_id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`content` text NOT NULL,
	`context` text,
	`bytes` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `routed_messages` (
	`user_id` text NOT NULL,
	`channel` text NOT NULL,
	`key` text NOT NULL,
	`body_hash` text NOT NULL,
	`session_id` text NOT NULL,
	`message_id` text NOT NULL,
	PRIMARY KEY(`user_id`, `channel`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `claude_code_messages` (
	`id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`direction` text NOT NULL,
	`message` text NOT NULL,
	`timestamp` text NOT NULL,
	`cost_usd` real,
	`status` text,
	`context` text,
	`created_at` text DEFAULT (datetime('now')) NOT NULL,
	`key` integer,
	`session_key` integer,
	`cost_nano` integer,
	`reply_to` text,
	`failure` text,
	`simulated` integer,
	`provisional` integer,
	FOREIGN KEY (`session_id`) REFERENCES `claude_code_sessions`(`id`) ON UPDATE no action ON DELETE cascade,
	CONSTRAINT "messages_direction" CHECK(direction IN ('to_claude', 'from_claude')),
	CONSTRAINT "messages_cost_is_exact" CHECK(cost_nano IS NULL OR cost_usd IS cost_nano / 1000000000.0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `messages_by_key` ON `claude_code_messages` (`key`);--> statement-breakpoint
CREATE INDEX `messages_of_session` ON `claude_code_messages` (`session_key`,`key`);--> statement-breakpoint
CREATE TABLE `claude_code_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`project_path` text NOT NULL,
	`status` text DEFAULT 'connecting' NOT NULL,
	`cost_usd` real DEFAULT 0 NOT NULL,
	`message_count` integer DEFAULT 0 NOT NULL,
	`started_at` text NOT NULL,
	`ended_at` text,
	`last_activity` text NOT NULL,
	`metadata` text,
	`created_at` text DEFAULT (datetime('now')) NOT NULL,
	`updated_at` text DEFAULT (datetime('now')) NOT NULL,
	`key` integer,
	`cost_nano` integer,
	`version` integer DEFAULT -1 NOT NULL,
	`title` text,
	`options` text DEFAULT '{}' NOT NULL,
	`reason` text,
	`failure` text,
	`agent` text,
	`simulated` integer DEFAULT false NOT NULL,
	`at_least_once` integer DEFAULT false NOT NULL,
	`queued` integer DEFAULT 0 NOT NULL,
	`running` integer DEFAULT 0 NOT NULL,
	`event_seq` integer DEFAULT 0 NOT NULL,
	`agent_seq` integer DEFAULT 0 NOT NULL,
	CONSTRAINT "sessions_cost_is_exact" CHECK(cost_nano IS NULL OR cost_usd = cost_nano / 1000000000.0)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_by_key` ON `claude_code_sessions` (`key`);--> statement-breakpoint
CREATE INDEX `sessions_of_user` ON `claude_code_sessions` (`user_id`,`key`);--> statement-breakpoint
CREATE INDEX `sessions_of_user_by_status` ON `claude_code_sessions` (`user_id`,`status`,`key`);--> statement-breakpoint
CREATE INDEX `sessions_by_status` ON `claude_code_sessions` (`status`,`key`);--> statement-breakpoint
CREATE INDEX `sessions_by_project` ON `claude_code_sessions` (`project_path`,`key`);--> statement-breakpoint
CREATE TABLE `api_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text,
	`hash` text NOT NULL,
	`created_at` text NOT NULL,
	`last_used_at` text,
	`revoked_at` text,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `tokens_of_user` ON `api_tokens` (`user_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`phone` text,
	`email` text,
	`admin` integer DEFAULT false NOT NULL,
	`default_project` text,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_phone` ON `users` (`phone`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_by_email` ON `users` (`email`);--> statement-breakpoint
CREATE TABLE `agent_events_ahead` (
	`session_key` integer NOT NULL,
	`seq` integer NOT NULL,
	PRIMARY KEY(`session_key`, `seq`),
	FOREIGN KEY (`session_key`) REFERENCES `claude_code_sessions`(`key`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `session_events` (
	`session_key` integer NOT NULL,
	`seq` integer NOT NULL,
	`at` integer NOT NULL,
	`type` integer NOT NULL,
	`message_key` integer,
	`body` text,
	PRIMARY KEY(`session_key`, `seq`),
	FOREIGN KEY (`session_key`) REFERENCES `claude_code_sessions`(`key`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `models` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `models_by_name` ON `models` (`name`);--> statement-breakpoint
CREATE TABLE `turn_usage` (
	`message_key` integer NOT NULL,
	`model_id` integer NOT NULL,
	`input_tokens` integer DEFAULT 0 NOT NULL,
	`output_tokens` integer DEFAULT 0 NOT NULL,
	`cache_read_tokens` integer DEFAULT 0 NOT NULL,
	`cache_creation_tokens` integer DEFAULT 0 NOT NULL,
	`cost_nano` integer NOT NULL,
	PRIMARY KEY(`message_key`, `model_id`),
	FOREIGN KEY (`message_key`) REFERENCES `claude_code_messages`(`key`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`model_id`) REFERENCES `models`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
