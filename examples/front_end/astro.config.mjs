import { defineConfig } from "astro/config";

// Everything is built ahead of time; only /preview/ asks the API in the browser.
export default defineConfig({ output: "static", devToolbar: { enabled: false } });
