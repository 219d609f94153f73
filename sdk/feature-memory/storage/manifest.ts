/**
 * The manifest of a table's version: which files it consists of.
 *
 * Layout (Lance 12, little endian): …, u32 length, protobuf, and a footer of 16 bytes: u64 position
 * of that length, u16 major, u16 minor, "LANC". Of the protobuf only the files are read:
 * Manifest.fragments = 2; Fragment.id = 1, .files = 2, .deletion_file = 3;
 * DataFile.path = 1, .file_size_bytes = 6; DeletionFile.type = 1, .read_version = 2, .id = 3.
 */

/** A file that a version needs. */
export interface VersionFile {
  /** From the folder of the table. */
  readonly path: string;
  /** Bytes; undefined where the manifest does not say. */
  readonly size: number | undefined;
  /** What its last bytes have to be. */
  readonly magic: string;
}

export const MAGIC = "LANC";
const FOOTER = 16;
const NAME = /^(\d{20})\.manifest$/;
const LAST = 2n ** 64n - 1n;

/** The version of a manifest's file name, which counts down so that the newest sorts first. */
export function versionOf(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(LAST - BigInt(digits));
}

/** What is wrong with a manifest on the outside; undefined where nothing is. */
export function damageOf(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return "is empty";
  if (bytes.length < FOOTER || bytes.subarray(-4).toString("latin1") !== MAGIC) {
    return "does not end as a manifest does";
  }
  const start = positionOf(bytes);
  const isInside = start >= 0 && start + 4 <= bytes.length - FOOTER;
  if (isInside && start + 4 + bytes.readUInt32LE(start) <= bytes.length - FOOTER) return undefined;
  return "points outside itself";
}

/**
 * @throws RangeError where the protobuf is not as described above
 */
export function readFiles(bytes: Buffer): VersionFile[] {
  const start = positionOf(bytes) + 4;
  const manifest = bytes.subarray(start, start + bytes.readUInt32LE(start - 4));
  return [...fields(manifest)].flatMap(({ number, bytes: fragment }) =>
    number === 2 && fragment ? filesOfFragment(fragment) : [],
  );
}

function positionOf(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE(bytes.length - FOOTER));
}

function filesOfFragment(fragment: Buffer): VersionFile[] {
  const files: VersionFile[] = [];
  let id = 0n;
  let deletion: Buffer | undefined;
  for (const { number, bytes, integer } of fields(fragment)) {
    if (number === 1) id = integer;
    if (number === 2 && bytes) files.push(toDataFile(bytes));
    if (number === 3 && bytes) deletion = bytes;
  }
  return deletion === undefined ? files : [...files, toDeletionFile(id, deletion)];
}

function toDataFile(message: Buffer): VersionFile {
  let path = "";
  let size: number | undefined;
  for (const { number, bytes, integer } of fields(message)) {
    if (number === 1 && bytes) path = bytes.toString("utf8");
    if (number === 6) size = Number(integer);
  }
  return { path: `data/${path}`, size: size === 0 ? undefined : size, magic: MAGIC };
}

function toDeletionFile(fragment: bigint, message: Buffer): VersionFile {
  const values = [0n, 0n, 0n, 0n];
  for (const { number, integer } of fields(message)) if (number <= 3) values[number] = integer;
  const [, type, version, id] = values;
  const isBitmap = type === 1n;
  return {
    path: `_deletions/${fragment}-${version}-${id}.${isBitmap ? "bin" : "arrow"}`,
    size: undefined,
    magic: isBitmap ? "" : "ARROW1",
  };
}

interface ProtobufField {
  readonly number: number;
  /** Of a length-delimited field. */
  readonly bytes: Buffer | undefined;
  /** Of a varint field, else 0. */
  readonly integer: bigint;
}

const WIDTHS: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function* fields(message: Buffer): Generator<ProtobufField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const number = key >> 3;
    const type = key & 7;
    if (type === 0) {
      yield { number, bytes: undefined, integer: varint() };
      continue;
    }
    const width = type === 2 ? Number(varint()) : WIDTHS[type];
    if (width === undefined || at + width > message.length) throw new RangeError("no protobuf");
    yield { number, bytes: message.subarray(at, at + width), integer: 0n };
    at += width;
  }
}
