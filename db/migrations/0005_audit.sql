CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` text NOT NULL,
	`who` text,
	`door` text NOT NULL,
	`evidence` text NOT NULL,
	`action` text NOT NULL,
	`object` text,
	`outcome` text NOT NULL,
	`reason` text
);
--> statement-breakpoint
ALTER TABLE `api_tokens` ADD `expires_at` text;