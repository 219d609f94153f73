/** danfojs-node on demand: `npm run danfo` installs it into this folder, and nothing of the SDK loads it. */
export { type Danfo, DanfoMissingError, type DataFrame, danfo } from "./danfo.ts";
export { fromDanfo, toDanfo } from "./frames.ts";
