import { execFile } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { availableParallelism, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../cache-folder.mjs";
import { findBrowser } from "../../display/picture/find-browser.ts";
import { ROOT } from "../kernel-spec.mjs";
import { type Finding, writeBytes } from "./finding.ts";

/** Bulk data of a few batches; below it the arena lives in a file. */
const USEFUL_SHARED_MEMORY = 64e6;

const run = promisify(execFile);

/** Node, npm, the SDK and the system. */
export async function machineFindings(): Promise<Finding[]> {
  const npm = await firstLine("npm", ["--version"]);
  const commit = await firstLine("git", ["-C", ROOT, "describe", "--always", "--dirty"]);
  // Our own package.json.
  const { version } = JSON.parse(readFileSync(join(ROOT, "sdk", "package.json"), "utf8")) as {
    version: string;
  };
  return [
    {
      state: "ok",
      name: "sdk",
      text: `${version}${commit === undefined ? "" : ` (${commit})`} in ${ROOT}`,
    },
    { state: "ok", name: "system", text: describeSystem() },
    { state: "ok", name: "node", text: `${process.versions.node} (${process.execPath})` },
    npm === undefined
      ? {
          state: "missing",
          name: "npm",
          text: "not found",
          remedy: "install npm, it comes with Node",
        }
      : { state: "ok", name: "npm", text: npm },
  ];
}

/** Shared memory, disks and the browser. */
export function storageFindings(): Finding[] {
  return [sharedMemory(), disk("repository", ROOT), disk("cache", cacheFolder()), browser()];
}

function describeSystem(): string {
  const file = "/etc/os-release";
  const name = existsSync(file)
    ? /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(file, "utf8"))?.[1]
    : undefined;
  const memory = writeBytes(totalmem());
  return `${name ?? process.platform}, ${process.platform} ${release()} ${process.arch}, ${availableParallelism()} CPUs, ${memory} memory`;
}

function sharedMemory(): Finding {
  const name = "/dev/shm";
  const remedy = "bulk data goes through temporary files; in Docker: --shm-size=1g";
  if (!existsSync(name)) return { state: "note", name, text: "not there", remedy };
  const { bsize, blocks, bavail } = statfsSync(name);
  const text = `${writeBytes(bsize * blocks)}, ${writeBytes(bsize * bavail)} free`;
  if (bsize * bavail < USEFUL_SHARED_MEMORY) return { state: "note", name, text, remedy };
  return { state: "ok", name, text };
}

function disk(name: string, folder: string): Finding {
  const { bsize, bavail } = statfsSync(nearestExisting(folder));
  const text = `${writeBytes(bsize * bavail)} free at ${folder}`;
  return { state: "ok", name, text };
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

function browser(): Finding {
  const found = findBrowser();
  if (found.path !== undefined) return { state: "ok", name: "browser", text: found.path };
  const remedy = "pictures of figures are SVG; set GRYM_BROWSER to a Chromium for PNG";
  return { state: "note", name: "browser", text: found.reason, remedy };
}

/** What a program prints first; undefined when it is not there or fails. */
async function firstLine(program: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, args, { timeout: 20_000 });
    return stdout.trim().split("\n")[0];
  } catch {
    return undefined; // absent, or git outside a repository: both are findings, not failures
  }
}
