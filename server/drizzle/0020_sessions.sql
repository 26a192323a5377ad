CREATE TABLE "sessions" (
	"hash" text PRIMARY KEY NOT NULL,
	"key_hash" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "sessions_key" ON "sessions" USING btree ("key_hash","created_at_ms");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at_ms");