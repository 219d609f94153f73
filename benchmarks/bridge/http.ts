import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Summary } from "./light-bridge.ts";
import { PEERS } from "./line-client.ts";
import { LABEL, type Way } from "./way.ts";
import { bytesOf } from "./zeromq.ts";

/** @param python one that has FastAPI and uvicorn */
export async function makeHttp(python: string): Promise<Way> {
  const child = spawn(python, [join(PEERS, "http_peer.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [line] = await Promise.race([
    once(child.stdout, "data"),
    ended.then(() => Promise.reject(new Error("http_peer.py ended before it listened"))),
  ]);
  const address = `http://127.0.0.1:${String(line).trim()}`;
  const post = async (path: string, body: string | Buffer<ArrayBuffer>, type: string) => {
    const headers = { "content-type": type };
    const response = await fetch(`${address}${path}`, { method: "POST", body, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const binary = "application/octet-stream";
  return {
    name: "HTTP",
    how: "fetch with connections kept; FastAPI on uvicorn with uvloop and httptools; the body is the samples",
    async length(samples, checked) {
      const response = await post(`/length?checked=${checked}`, bytesOf(samples), binary);
      return (await response.json()) as Summary;
    },
    async echo(samples) {
      return new Float32Array(await (await post("/echo", bytesOf(samples), binary)).arrayBuffer());
    },
    async small(value) {
      const body = JSON.stringify({ value, label: LABEL });
      const response = await post("/small", body, "application/json");
      return ((await response.json()) as { value: number }).value;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await ended;
    },
  };
}
