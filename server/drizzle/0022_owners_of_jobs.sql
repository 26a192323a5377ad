ALTER TABLE "jobs" ADD COLUMN "owner" integer;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "cancel_wanted_at_ms" bigint;