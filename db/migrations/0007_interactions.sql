CREATE TABLE `claude_code_interactions` (
	`interaction_id` text PRIMARY KEY NOT NULL,
	`session_id` text NOT NULL,
	`message_id` text,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`number` integer NOT NULL,
	`title` text NOT NULL,
	`detail` text NOT NULL,
	`created_at` text NOT NULL,
	`expires_at` text,
	`answer` text,
	`answered_by` text,
	`answered_via` text,
	`settled_at` text,
	`withdrawn_reason` text,
	FOREIGN KEY (`session_id`) REFERENCES `claude_code_sessions`(`id`) ON UPDATE no action ON DELETE cascade
);
--> statement-breakpoint
CREATE INDEX `interactions_of_session` ON `claude_code_interactions` (`session_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `interactions_open` ON `claude_code_interactions` (`created_at`) WHERE status = 'open';