ALTER TABLE "notices" ALTER COLUMN "identity" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "replay_of" text;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_replay_of" FOREIGN KEY ("replay_of") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;