CREATE TABLE "ledger_closings" (
	"project_id" text NOT NULL,
	"day" integer NOT NULL,
	CONSTRAINT "ledger_closings_once" PRIMARY KEY("project_id","day")
);
--> statement-breakpoint
DROP INDEX "ledger_transactions_day";--> statement-breakpoint
ALTER TABLE "node_tokens" ADD COLUMN "made_by_operator" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "ledger_closings" ADD CONSTRAINT "ledger_closings_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ledger_transactions_day" ON "ledger_transactions" USING btree ("project_id","day","id");
--> statement-breakpoint
CREATE TRIGGER ledger_closings_unchanged BEFORE UPDATE OR DELETE ON "ledger_closings" FOR EACH ROW EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
ALTER TABLE "ledger_closings" ENABLE ALWAYS TRIGGER ledger_closings_unchanged;
--> statement-breakpoint
CREATE TRIGGER ledger_closings_not_truncated BEFORE TRUNCATE ON "ledger_closings" FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
--> statement-breakpoint
ALTER TABLE "ledger_closings" ENABLE ALWAYS TRIGGER ledger_closings_not_truncated;
--> statement-breakpoint
-- Who made a token was not written down; only the operator calls one trusted. No other change of a token is let through.
ALTER TABLE "node_tokens" DISABLE TRIGGER node_tokens_unchanged;
--> statement-breakpoint
UPDATE "node_tokens" SET "made_by_operator" = true WHERE "trusted";
--> statement-breakpoint
ALTER TABLE "node_tokens" ENABLE ALWAYS TRIGGER node_tokens_unchanged;
