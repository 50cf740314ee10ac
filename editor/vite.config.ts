import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds the API: a running `capstan dev`. */
const API = process.env['CAPSTAN_URL'] ?? 'http://127.0.0.1:7400'

export default defineConfig({
  base: '/editor/',
  plugins: [react()],
  build: {
    // Inlined files would be `data:` addresses, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': API, '/assets/icon.svg': API } },
})
