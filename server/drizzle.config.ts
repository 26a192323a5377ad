// How drizzle-kit finds the schema and where it writes migrations. FORGE_DRIZZLE_OUT names another folder, relative to the
// checkout, so that a check can generate into a copy and compare.
export default {
  dialect: 'postgresql',
  schema: ['./server/src/store/schema.ts', './server/src/store/memory-schema.ts'],
  out: process.env['FORGE_DRIZZLE_OUT'] ?? './server/drizzle',
}
