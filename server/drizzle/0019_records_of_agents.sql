ALTER TABLE "executors" ADD COLUMN "shards" integer;--> statement-breakpoint
CREATE INDEX "voids_of" ON "voids" USING btree ("executor","job_id");