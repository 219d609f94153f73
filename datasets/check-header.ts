import { open } from "node:fs/promises";
import { extname } from "node:path";

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
/** What a writer that cannot go back leaves as a length (EBU Tech 3306). */
const UNKNOWN = 0xff_ff_ff_ff;
const MAGIC: Readonly<Record<string, string>> = {
  ".flac": "fLaC",
  ".ogg": "OggS",
  ".opus": "OggS",
  ".aiff": "FORM",
  ".aif": "FORM",
};

/**
 * What the beginning of a file and its length say is wrong with it: a WAV file that is shorter than its
 * header says, or another format without its first bytes. A FLAC or MP3 that was cut passes: only
 * decoding tells.
 *
 * @returns undefined where nothing is wrong
 */
export async function checkHeader(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size === 0) return "empty (0 bytes)";
    const read = async (position: number, length: number): Promise<Buffer> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const kind = extname(path).toLowerCase();
    if (kind === ".wav") return await checkRiff(read, size);
    const magic = MAGIC[kind];
    const start = (await read(0, 4)).toString("latin1");
    return magic === undefined || start === magic ? undefined : `does not begin with ${magic}`;
  } finally {
    await file.close();
  }
}

async function checkRiff(
  read: (position: number, length: number) => Promise<Buffer>,
  size: number,
): Promise<string | undefined> {
  const header = await read(0, RIFF_HEADER_BYTES);
  const isRiff = /^(RIFF|RF64)....WAVE$/s.test(header.toString("latin1"));
  if (!isRiff) return "does not begin with RIFF … WAVE";
  for (let at = RIFF_HEADER_BYTES; ; ) {
    const chunk = await read(at, CHUNK_HEADER_BYTES);
    if (chunk.length < CHUNK_HEADER_BYTES) return "ends before its samples";
    const length = chunk.readUInt32LE(4);
    const end = at + CHUNK_HEADER_BYTES + length;
    if (chunk.toString("latin1", 0, 4) === "data") {
      const isCut = end > size && length !== UNKNOWN;
      return isCut ? `${end - size} bytes shorter than its header says` : undefined;
    }
    at = end + (length % 2); // chunks begin at even places
  }
}
