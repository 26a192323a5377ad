// Builds the volunteer's page: hashed files and workers as modules, nothing inline, so that the server's strict content
// policy (`script-src 'self' 'wasm-unsafe-eval'`) holds.
import { defineConfig } from 'vite'

export default defineConfig({
  build: {
    target: 'es2023',
    // A data: address would need a hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  worker: { format: 'es' },
})
