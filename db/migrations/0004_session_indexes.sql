CREATE INDEX `bodies_of_session` ON `message_bodies` (`session_id`);--> statement-breakpoint
CREATE INDEX `messages_by_session_id` ON `claude_code_messages` (`session_id`);