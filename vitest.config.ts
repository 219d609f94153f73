import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["sdk/test/**/*.test.ts", "scripts/test/**/*.test.ts"],
    globalSetup: ["scripts/test/vitest-folder.mjs"],
    // Real processes start in most files, and much of the time they are waited for: three at a time fill two cores.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, the default, is nothing on a machine that trains models meanwhile.
    expect: { poll: { timeout: 20_000 } },
    typecheck: { enabled: false },
  },
});

export default config;
