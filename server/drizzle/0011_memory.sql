-- The memory surfaces: what a project keeps under names of its own, and how much of it. Names sort by their bytes on every
-- database, whatever its locale.
CREATE TABLE "blobs" (
	"project_id" text NOT NULL,
	"name" text COLLATE "C" NOT NULL,
	"object_id" text NOT NULL,
	"content_type" text NOT NULL,
	"version" bigint NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"updated_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint,
	CONSTRAINT "blobs_once" PRIMARY KEY("project_id","name")
);
--> statement-breakpoint
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
	"kv_bytes" bigint DEFAULT 0 NOT NULL,
	"blobs" bigint DEFAULT 0 NOT NULL,
	"blob_bytes" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "object_removals" (
	"object_id" text PRIMARY KEY NOT NULL,
	"after_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"created_at_ms" bigint NOT NULL
);
--> statement-breakpoint
ALTER TABLE "blobs" ADD CONSTRAINT "blobs_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "blobs" ADD CONSTRAINT "blobs_object_id_objects_id_fk" FOREIGN KEY ("object_id") REFERENCES "public"."objects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "kv_entries" ADD CONSTRAINT "kv_entries_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "memory_usage" ADD CONSTRAINT "memory_usage_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "objects" ADD CONSTRAINT "objects_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "blobs_object" ON "blobs" USING btree ("object_id");--> statement-breakpoint
CREATE INDEX "blobs_expiry" ON "blobs" USING btree ("expires_at_ms") WHERE expires_at_ms is not null;--> statement-breakpoint
CREATE INDEX "kv_entries_expiry" ON "kv_entries" USING btree ("expires_at_ms") WHERE expires_at_ms is not null;--> statement-breakpoint
CREATE INDEX "object_removals_after" ON "object_removals" USING btree ("after_ms");