-- The memory surfaces: KV, and what a project holds of it. Names sort by their bytes on every database.
CREATE TABLE "kv_entries" (
	"project_id" text NOT NULL,
	"namespace" text COLLATE "C" NOT NULL,
	"key" text COLLATE "C" NOT NULL,
	"value" text NOT NULL,
	"bytes" integer NOT NULL,
	"version" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	CONSTRAINT "kv_entries_once" PRIMARY KEY("project_id","namespace","key")
);
--> statement-breakpoint
CREATE TABLE "memory_usage" (
	"project_id" text PRIMARY KEY NOT NULL,
	"last_version" bigint DEFAULT 0 NOT NULL,
	"kv_keys" bigint DEFAULT 0 NOT NULL,
	"kv_bytes" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "kv_entries" ADD CONSTRAINT "kv_entries_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memory_usage" ADD CONSTRAINT "memory_usage_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "kv_entries_expiry" ON "kv_entries" USING btree ("expires_at_ms") WHERE expires_at_ms is not null;