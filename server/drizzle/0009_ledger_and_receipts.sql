CREATE TABLE "balance_snapshots" (
	"scope" text NOT NULL,
	"through" bigint NOT NULL,
	"micro_credits" bigint NOT NULL,
	CONSTRAINT "balance_snapshots_once" PRIMARY KEY("scope","through")
);
--> statement-breakpoint
CREATE TABLE "ledger_entries" (
	"transaction_id" bigint NOT NULL,
	"account" text NOT NULL,
	"micro_credits" bigint NOT NULL,
	CONSTRAINT "ledger_entries_once" PRIMARY KEY("transaction_id","account")
);
--> statement-breakpoint
CREATE TABLE "ledger_transactions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "ledger_transactions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"project_id" text NOT NULL,
	"job_id" text NOT NULL,
	"kind" text NOT NULL,
	"at_ms" bigint NOT NULL,
	"day" integer NOT NULL,
	"detail" text NOT NULL,
	CONSTRAINT "ledger_transactions_once" UNIQUE("job_id","kind")
);
--> statement-breakpoint
CREATE TABLE "receipt_log" (
	"project_id" text NOT NULL,
	"place" integer NOT NULL,
	"job_id" text NOT NULL,
	"kind" text NOT NULL,
	"number" integer NOT NULL,
	"digest" text NOT NULL,
	"previous" text,
	"document" text NOT NULL,
	CONSTRAINT "receipt_log_once" PRIMARY KEY("project_id","place"),
	CONSTRAINT "receipt_log_item" UNIQUE("job_id","kind","number")
);
--> statement-breakpoint
CREATE TABLE "retentions" (
	"job_id" text PRIMARY KEY NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "seals" (
	"job_id" text NOT NULL,
	"kind" text NOT NULL,
	"number" integer NOT NULL,
	"digest" text NOT NULL,
	"document" text NOT NULL,
	CONSTRAINT "seals_once" PRIMARY KEY("job_id","kind","number")
);
--> statement-breakpoint
CREATE TABLE "signing_periods" (
	"number" integer PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"public_key" text NOT NULL,
	"from_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "unsealed" (
	"job_id" text NOT NULL,
	"kind" text NOT NULL,
	"number" integer NOT NULL,
	"at_ms" bigint NOT NULL,
	CONSTRAINT "unsealed_once" PRIMARY KEY("job_id","kind","number")
);
--> statement-breakpoint
ALTER TABLE "ledger_entries" ADD CONSTRAINT "ledger_entries_transaction_id_ledger_transactions_id_fk" FOREIGN KEY ("transaction_id") REFERENCES "public"."ledger_transactions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_transactions" ADD CONSTRAINT "ledger_transactions_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ledger_transactions" ADD CONSTRAINT "ledger_transactions_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receipt_log" ADD CONSTRAINT "receipt_log_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "receipt_log" ADD CONSTRAINT "receipt_log_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "retentions" ADD CONSTRAINT "retentions_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "seals" ADD CONSTRAINT "seals_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "unsealed" ADD CONSTRAINT "unsealed_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ledger_entries_account" ON "ledger_entries" USING btree ("account","transaction_id");--> statement-breakpoint
CREATE INDEX "ledger_transactions_day" ON "ledger_transactions" USING btree ("project_id","day");--> statement-breakpoint
CREATE INDEX "ledger_transactions_at" ON "ledger_transactions" USING btree ("project_id","at_ms");--> statement-breakpoint
CREATE INDEX "ledger_transactions_project" ON "ledger_transactions" USING btree ("project_id","id");