// Declarations (.d.ts) of the SDK and the data sets, for whatever reads no sources: tslab, older TypeScript.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { node24, root } from "./paths.mjs";
import { fingerprint, isStamped, stamp } from "./stamp.mjs";

const writer = join(root, "scripts", "declarations.ts");
const stampFile = join(root, "sdk", "declarations", ".stamp");

function sources() {
  const inSdk = readdirSync(join(root, "sdk"), { recursive: true }).map((name) =>
    join("sdk", name),
  );
  const inData = readdirSync(join(root, "datasets")).map((name) => join("datasets", name));
  return [...inSdk, ...inData]
    .filter((name) => /\.ts$/.test(name) && !/node_modules|declarations|sdk.test/.test(name))
    .sort()
    .map((name) => join(root, name));
}

const value = () => fingerprint([writer, ...sources()]);

export const declarations = {
  name: "Declarations of the SDK",
  size: "1 MB",
  isDone: () =>
    existsSync(join(root, "datasets", "declarations", "index.d.ts")) &&
    isStamped(stampFile, value()),
  async run() {
    const help = "This is a fault of the SDK's sources: `npm test -- check` says more.";
    await run(node24, ["--no-warnings", writer], { log: "declarations", cwd: root, help });
    stamp(stampFile, value());
  },
};
