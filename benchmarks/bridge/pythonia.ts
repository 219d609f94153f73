import { createRequire } from "node:module";
import { join } from "node:path";
import { findPython } from "grym-synth";
import type { Summary } from "./light-bridge.ts";
import { PEERS } from "./line-client.ts";
import { decode, encode } from "./lines.ts";
import { LABEL, type Way } from "./way.ts";

/** What we use of pythonia; its functions are proxies. */
interface Pythonia {
  readonly python: ((file: string) => Promise<PythoniaPeer>) & { exit(): void };
}

interface PythoniaPeer {
  small(value: number, label: string): Promise<number>;
  /** Not `length`: a proxy takes that for `len()`. */
  summarise(text: string, checked: boolean): Promise<string>;
  echo(text: string): Promise<string>;
}

/** @param folder where pythonia is installed */
export async function makePythonia(folder: string): Promise<Way> {
  process.env["PYTHON_BIN"] = findPython();
  const load = createRequire(join(folder, "package.json"));
  const { python } = load("pythonia") as Pythonia;
  const peer = await python(join(PEERS, "pythonia_peer.py"));
  return {
    name: "pythonia",
    how: "its own calls; samples as base64 text, since it has no bytes, and gives lists back element by element",
    length: async (samples, checked) =>
      JSON.parse(await peer.summarise(encode(samples), checked)) as Summary,
    echo: async (samples) => decode(await peer.echo(encode(samples))),
    small: (value) => peer.small(value, LABEL),
    async [Symbol.asyncDispose]() {
      python.exit();
    },
  };
}
