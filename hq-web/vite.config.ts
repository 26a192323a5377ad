// Builds HQ: hashed files under /hq/, nothing inline, so that the server's strict content policy holds.
import { defineConfig } from 'vite'

export default defineConfig({
  base: '/hq/',
  build: {
    target: 'es2023',
    // A data: address would need a hole in the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  worker: { format: 'es' },
})
