/** Where the kernel keeps what it computes again, and where fetched models and data sets lie: `GRYM_CACHE`, else `~/.cache/grym-synth`. */
export function cacheFolder(env?: NodeJS.ProcessEnv): string;
