/** stdout and stderr of cells: each text goes to the cell whose code wrote it, however late. */

import { StringDecoder } from "node:string_decoder";

/** Receives a piece of text of a stream. */
export type StreamSink = (name: "stdout" | "stderr", text: string) => void;

/** Sends everything written to `process.stdout` and `process.stderr` to a sink. */
export function captureStreams(sink: StreamSink): void {
  for (const name of ["stdout", "stderr"] as const) capture(name, sink);
}

function capture(name: "stdout" | "stderr", sink: StreamSink): void {
  const stream = process[name];
  // The outputs of a notebook must not depend on the terminal from which its server was started.
  stream.isTTY = false;
  const decoder = new StringDecoder("utf8");
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error | null) => void),
    callback?: (error?: Error | null) => void,
  ): boolean => {
    const text =
      typeof chunk === "string"
        ? chunkText(chunk, typeof encoding === "string" ? encoding : "utf8")
        : decoder.write(Buffer.from(chunk));
    if (text !== "") sink(name, text);
    const done = typeof encoding === "function" ? encoding : callback;
    if (done !== undefined) queueMicrotask(done);
    return true;
  };
  stream.write = write;
}

function chunkText(chunk: string, encoding: BufferEncoding): string {
  return encoding === "utf8" || encoding === "utf-8"
    ? chunk
    : Buffer.from(chunk, encoding).toString("utf8");
}
