CREATE TABLE "acts" (
	"chain" text NOT NULL,
	"number" integer NOT NULL,
	"at_ms" bigint NOT NULL,
	"actor" text NOT NULL,
	"type" text NOT NULL,
	"subject" text,
	"data" text NOT NULL,
	"previous" text,
	"hash" text NOT NULL,
	CONSTRAINT "acts_once" PRIMARY KEY("chain","number")
);
--> statement-breakpoint
CREATE TABLE "agent_orders" (
	"number" integer PRIMARY KEY NOT NULL,
	"identity" text NOT NULL,
	"kind" text NOT NULL,
	"reason" text NOT NULL,
	"at_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "agent_orders_of" ON "agent_orders" USING btree ("identity","number");--> statement-breakpoint
-- What was done and what was ordered stays as it was written.
DO $$
DECLARE kept text;
BEGIN
  FOREACH kept IN ARRAY ARRAY['acts', 'agent_orders'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept || '_unchanged', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_unchanged');
    EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate()', kept || '_not_truncated', kept);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', kept, kept || '_not_truncated');
  END LOOP;
END $$;
