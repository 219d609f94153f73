/** What a machine that is short of something does to the process. Numbers are those of the faults. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { ProcessStartError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";
import { ask, backwards, lightBridge, lightPython } from "./light-python.ts";
import { runNode } from "./run-node.ts";

const BRIDGE = join(import.meta.dirname, "..", "..", "bridge");
const samples = Float32Array.of(1, 2, 3);

const IN_LINES = "bytes, which went inside lines";
const BY_FILE = "bytes, which went through a file";
const BACK_BY_FILE = "bytes, which came through a file";
/**
 * Shell commands, in a mount namespace of their own, that make /dev/shm (and the temporary folder) what the
 * test wants; the plane, what becomes of 36 MB, and what is told of shared memory that was not used.
 */
const SHARED_MEMORY: readonly (readonly [
  kind: string,
  mounts: string,
  plane: "shared_memory" | "file",
  huge: string,
  told: readonly string[],
])[] = [
  ["that is full", "small 1m; fill", "file", "answered", ["shared_memory: Error: ENOSPC"]],
  ["of one megabyte", "small 1m", "shared_memory", "answered", [BY_FILE, BACK_BY_FILE]],
  ["of two", "small 2100k", "shared_memory", "answered", [BY_FILE, BACK_BY_FILE]],
  ["of 64, as Docker's", "small 64m", "shared_memory", "answered", [BY_FILE]],
  ["of one, and as much disk", "small 1m; disk", "shared_memory", "out_of_memory", [IN_LINES]],
  ["that can only be read", "small 1m,ro", "file", "answered", ["shared_memory: Error: EROFS"]],
  ["that is not there", "hide", "file", "answered", ["shared_memory: Error: ENOENT"]],
  ["without execution", "small 50%,noexec", "shared_memory", "answered", []],
];
const SHELL = `
small() { mount -t tmpfs -o size=$1 tmpfs /dev/shm; }
disk() { mkdir "$folder/tmp"; mount -t tmpfs -o size=1m tmpfs "$folder/tmp"; export TMPDIR="$folder/tmp"; }
fill() { head -c 1048576 /dev/zero > /dev/shm/full || true; }
hide() {
  mkdir "$folder/dev"; mount --rbind /dev "$folder/dev"; mount -t tmpfs tmpfs /dev
  for name in null zero urandom random; do touch /dev/$name; mount --bind "$folder/dev/$name" /dev/$name; done
  ln -s /proc/self/fd /dev/fd
}
`;
/** What a script prints as JSON that runs where those commands have made the mounts. */
async function runWith(mounts: string, script: string): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "shared-memory-"));
  const path = join(import.meta.dirname, "light-python.ts");
  const rounds = join(import.meta.dirname, "rounds", "many-calls.ts");
  const source = `
    import { backwards, lightBridge, lightPython } from ${JSON.stringify(path)};
    import { sharedDescriptors } from ${JSON.stringify(rounds)};
    ${script}`;
  const before = `${SHELL}\nset -e\nfolder=${folder}\n${mounts}`;
  return JSON.parse(await runNode(source, before, ["unshare", "-rm"])) as Record<string, unknown>;
}

const namespaces = spawnSync("unshare", ["-rm", "true"]).status === 0;
if (!namespaces)
  console.log("21: skipped, this machine lets nobody make a mount namespace (unshare)");

describe.skipIf(!namespaces)("shared memory", () => {
  const TEST = `
    const { bridge } = lightBridge();
    const small = Float32Array.from({ length: 1_000 }, (_x, n) => n);
    const large = Float32Array.from({ length: 600_000 }, (_x, n) => n); // 2.4 MB
    const isRight = (a, b) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.toReversed().buffer)) === 0;
    const right = [];
    for (const samples of [small, large, small]) right.push(isRight(await backwards(bridge, samples), samples));
    const huge = await backwards(bridge, new Float32Array(9_000_000)).then(() => "answered", ({ code }) => code);
    // What lies where there was room is there for the next process, too.
    process.kill(bridge.pid, "SIGSTOP");
    const kept = [large, small, large.map((x) => -x)];
    const again = kept.map((samples) => backwards(bridge, samples));
    process.kill(bridge.pid, "SIGKILL");
    for (const [n, answer] of (await Promise.all(again)).entries()) right.push(isRight(answer, kept[n]));
    right.push(isRight(await backwards(bridge, small), small));
    const { plane, planeReason, starts, arenaUsed, inlineBytes } = bridge.stats();
    const shared = sharedDescriptors(process.pid);
    console.log(JSON.stringify({ right, huge, plane, planeReason, starts, arenaUsed, inlineBytes, shared }));
    await bridge.shutdown();`;

  it.each(SHARED_MEMORY)(
    "21: %s costs no answer and no process; another way is taken, or an error says so",
    async (_kind, mounts, plane, huge, told) => {
      const outcome = await runWith(mounts, TEST);
      expect(outcome).toMatchObject({
        right: new Array(7).fill(true),
        plane,
        starts: 2, // we have killed one
        arenaUsed: 0,
      });
      // What had no room is told, and counted.
      expect(outcome["planeReason"] === undefined).toBe(told.length === 0);
      for (const text of told) expect(outcome["planeReason"]).toContain(text);
      expect(outcome["inlineBytes"] !== 0).toBe(told.includes(IN_LINES));
      expect(outcome["huge"]).toBe(huge);
      // Of a file that could not be used nothing stays open.
      if (plane === "file") expect(outcome["shared"]).toBe(0);
    },
  );

  it("21: of two megabytes costs a host's clients no answer, and none of their bytes go inside lines", async () => {
    const script = `
      import { GAMABridge } from ${JSON.stringify(join(BRIDGE, "gama-bridge.ts"))};
      import { listHosts } from ${JSON.stringify(join(BRIDGE, "host", "control.ts"))};
      import { stopHost } from ${JSON.stringify(join(BRIDGE, "host", "stop-host.ts"))};
      const python = lightPython();
      const clip = new Float32Array(600_000).map((_x, n) => n); // 2.4 MB
      const isRight = (a) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(clip.toReversed().buffer)) === 0;
      const right = [];
      let stats;
      for (const _client of [1, 2]) {
        const bridge = new GAMABridge({ python, transport: "attach", host: { name: "small" }, onLog: () => {} });
        for (const _turn of [1, 2]) right.push(isRight(await backwards(bridge, clip)));
        process.kill(bridge.pid, "SIGKILL");
        right.push(isRight(await backwards(bridge, clip)));
        stats = bridge.stats();
        await bridge.shutdown();
      }
      for (const host of await listHosts()) await stopHost(host);
      const { plane, planeReason, inlineBytes, arenaUsed } = stats;
      console.log(JSON.stringify({ right, plane, planeReason, inlineBytes, arenaUsed }));`;
    const outcome = await runWith("small 2100k; export XDG_RUNTIME_DIR=$folder", script);
    expect(outcome).toEqual({
      right: new Array(6).fill(true),
      plane: "shared_memory",
      planeReason: expect.stringContaining(BY_FILE),
      inlineBytes: 0,
      arenaUsed: 0,
    });
    expect(outcome["planeReason"]).toContain(BACK_BY_FILE);
  });

  it("21: of which little is left makes no more be on its way than may be", async () => {
    const script = `
      const { bridge } = lightBridge({ queue: { maxArenaBytes: 6_000_000 } });
      await bridge.initialize();
      process.kill(bridge.pid, "SIGSTOP");
      const clips = Array.from({ length: 8 }, (_x, n) => new Float32Array(200_000).fill(n)); // 6.4 MB
      const answers = clips.map((clip) => backwards(bridge, clip));
      const { arenaUsed, arenaBytes, queued } = bridge.stats();
      process.kill(bridge.pid, "SIGCONT");
      const right = (await Promise.all(answers)).every((answer, n) => answer.every((x) => x === n));
      console.log(JSON.stringify({ arenaUsed, arenaBytes, queued, right, inlineBytes: bridge.stats().inlineBytes }));
      await bridge.shutdown();`;
    const outcome = await runWith("small 2100k", script);
    expect(outcome).toMatchObject({ queued: 1, right: true, inlineBytes: 0 });
    expect(outcome["arenaUsed"]).toBeLessThanOrEqual(6_000_000);
  });
});

it("21: files that may not be long cost no answer, and no room for good", async () => {
  const light = join(import.meta.dirname, "light-python.ts");
  const arena = join(import.meta.dirname, "..", "..", "bridge", "arena.ts");
  const script = `
    import { spawnSync } from "node:child_process";
    import { backwards, lightBridge } from ${JSON.stringify(light)};
    import { InputArena } from ${JSON.stringify(arena)};
    const { bridge } = lightBridge({ plane: "file" });
    const samples = Float32Array.from({ length: 600_000 }, (_x, n) => n); // 2.4 MB
    const back = await backwards(bridge, samples);
    const right = Buffer.compare(Buffer.from(back.buffer), Buffer.from(samples.toReversed().buffer)) === 0;
    const { planeReason, inlineBytes, arenaUsed } = bridge.stats();
    await bridge.shutdown();
    const arena = new InputArena("file", 2 ** 20);
    spawnSync("prlimit", ["--fsize=4096", "--pid", String(process.pid)]);
    let code;
    try { arena.write(new Uint8Array(8192)); } catch (error) { code = error.code; }
    console.log(JSON.stringify({ right, planeReason, inlineBytes, arenaUsed, code, used: arena.usage.used }));`;
  // Node ignores SIGXFSZ, as Python does: a file that would be too long is EFBIG.
  expect(JSON.parse(await runNode(script, "ulimit -f 2048"))).toEqual({
    right: true,
    planeReason: "file: no room for 2400000 bytes, which went inside lines",
    inlineBytes: 2_400_000,
    arenaUsed: 0,
    code: "EFBIG",
    used: 0,
  });
});

describe("memory that is not there", () => {
  it("22: is a typed error of its call; process and model live on", async () => {
    const { bridge } = lightBridge({ python: lightPython("ulimit -v 3000000") });
    await using _ = bridge;
    await backwards(bridge, samples);
    const pid = bridge.pid;
    const call = ask(bridge, "hoard", { count: 8_000_000_000 });
    await expect(call).rejects.toMatchObject({
      code: "out_of_memory",
      cause: { name: "MemoryError" },
    });
    await expect(call).rejects.toThrow("Ask for less at once");
    for (const kind of ["memory", "allocator"]) {
      await expect(ask(bridge, "fail", { kind })).rejects.toMatchObject({ code: "out_of_memory" });
    }
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
    expect(bridge.pid).toBe(pid);
  });

  it("22: for which the kernel kills the process twice is told with the signal", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    await expect(ask(bridge, "die")).rejects.toMatchObject({
      code: "process_exit",
      signal: "SIGKILL",
    });
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
  });
});

describe("a Python that cannot be used", () => {
  const many = (bridge: GAMABridge): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled([1, 2, 3].map(() => bridge.executeOperation("status", {})));

  it.each([
    ["no file", "/no/such/python", "there is no such program"],
    ["a file without rights", fileWithoutRights(), "it may not be executed"],
    [
      "too old",
      fakePython(`if (process.argv[2] === "-c") console.log('{"version": [3, 8, 10], "found": true}');
        else process.exitCode = 1;`),
      "it is Python 3.8.10; 3.11 or newer is needed",
    ],
    [
      "without our package",
      fakePython(`if (process.argv[2] === "-c") console.log('{"version": [3, 12, 1], "found": false}');
        else process.exitCode = 1;`),
      "it has no package `gama_operations`",
    ],
  ])(
    "23: %s is one clear error for each call, and is not tried again and again",
    async (_kind, python, said) => {
      await using bridge = new GAMABridge({ python });
      for (const call of await many(bridge)) {
        const error: unknown = call.status === "rejected" ? call.reason : undefined;
        expect(error).toBeInstanceOf(ProcessStartError);
        expect(String(error)).toContain(said);
        expect(String(error)).toContain("npm run setup");
      }
      expect(bridge.stats()).toMatchObject({ starts: 1, waiting: 0 });
    },
  );

  it("23: without torch has an error for what needs torch, and goes on with the rest", async () => {
    const folder = mkdtempSync(join(tmpdir(), "no-torch-"));
    mkdirSync(join(folder, "torch"));
    const absent = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n';
    writeFileSync(join(folder, "torch", "__init__.py"), absent);
    const paths = [folder, process.env["PYTHONPATH"]].filter(Boolean).join(":");
    const { bridge } = lightBridge({ env: { PYTHONPATH: paths } });
    await using _ = bridge;
    const load = bridge.executeOperation("load_model", { model: "wav2vec2-tiny" });
    await expect(load).rejects.toThrow("No module named 'torch'");
    await expect(load).rejects.toThrow("npm run setup");
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
    expect(bridge.stats().starts).toBe(1);
  });

  it("23: for want of descriptors is a clear error, and works when there are some again", async () => {
    const path = join(import.meta.dirname, "light-python.ts");
    const script = `
      import { closeSync, openSync } from "node:fs";
      import { backwards, lightBridge } from ${JSON.stringify(path)};
      const { bridge } = lightBridge();
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}
      const failure = await backwards(bridge, Float32Array.of(1)).catch((error) => error);
      for (const descriptor of taken) closeSync(descriptor);
      const answer = await backwards(bridge, Float32Array.of(1, 2));
      const { starts, plane } = bridge.stats();
      console.log(JSON.stringify({ code: failure.code, text: failure.message, answer: [...answer], starts }));
      await bridge.shutdown();`;
    const { code, text, answer } = JSON.parse(await runNode(script, "ulimit -n 100"));
    expect(code).toBe("process_start");
    expect(text).toContain("EMFILE");
    expect(answer).toEqual([2, 1]);
  });
});

function fileWithoutRights(): string {
  const file = join(mkdtempSync(join(tmpdir(), "no-rights-")), "python");
  writeFileSync(file, "");
  return file;
}
