CREATE TABLE `project_trusts` (
	`project_path` text PRIMARY KEY NOT NULL,
	`digest` text NOT NULL,
	`trusted_by` text,
	`trusted_at` text NOT NULL
);
