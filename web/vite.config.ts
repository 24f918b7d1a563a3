import { defineConfig } from "vite";

// While developing, the API is asked through a proxy: QUORATE_SOCKET (a daemon's Unix socket) or QUORATE_URL.
const socketPath = process.env.QUORATE_SOCKET;
const url = process.env.QUORATE_URL;
const target = socketPath ? { socketPath, host: "quorate" } : url;

export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: "../crates/node/console/assets",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
  },
  server: target ? { proxy: { "/v1": { target: target as string, secure: false, changeOrigin: true } } } : {},
});
