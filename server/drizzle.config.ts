// How drizzle-kit finds the schema and where it writes migrations. FORGE_DRIZZLE_OUT names another folder, relative to the
// checkout, so that a check can generate into a copy and compare.
export default {
  dialect: 'postgresql',
  schema: [
    'schema',
    'ledger-schema',
    'seal-schema',
    'memory-schema',
    'webhook-schema',
    'session-schema',
    'pool-schema',
    'act-schema',
  ].map((name) => `./server/src/store/${name}.ts`),
  out: process.env['FORGE_DRIZZLE_OUT'] ?? './server/drizzle',
}
