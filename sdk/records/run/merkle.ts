/** Merkle tree hash (RFC 6962, section 2.1): leaves and nodes are hashed under different first bytes. */
import { createHash } from "node:crypto";
import { InvalidArgumentError } from "../../errors.ts";
import { canonicalJson } from "./canonical-json.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * @returns sha256 of the tree over these leaves in this order, hexadecimal
 * @throws InvalidArgumentError no leaf: the RFC's hash of nothing would name every empty set
 */
export function merkleRoot(leaves: readonly (string | Uint8Array)[]): string {
  if (leaves.length === 0) throw new InvalidArgumentError("leaves", "at least one", leaves);
  const hashes = leaves.map((leaf) => createHash("sha256").update(LEAF).update(leaf).digest());
  return rootOf(hashes, 0, hashes.length).toString("hex");
}

/** Left of the largest power of two below the count, right of the rest. */
function rootOf(hashes: readonly Buffer[], start: number, end: number): Buffer {
  const [only] = hashes.slice(start, start + 1);
  if (end - start === 1 && only !== undefined) return only;
  const split = start + 2 ** Math.floor(Math.log2(end - start - 1));
  const [left, right] = [rootOf(hashes, start, split), rootOf(hashes, split, end)];
  return createHash("sha256").update(NODE).update(left).update(right).digest();
}

/** A clip as the data's digest knows it: its file, and the samples that all arms heard. */
export interface HeardClip {
  readonly id: string;
  /** Of the file. */
  readonly sha256: string;
  /** Digest of the decoded and cropped samples; null before they were decoded. */
  readonly pcm: string | null;
}

/**
 * Digest of the clips of a run, whatever their order.
 *
 * @throws InvalidArgumentError no clip, or an id that stands there twice
 */
export function dataRoot(clips: readonly HeardClip[]): string {
  const sorted = clips
    .map(({ id, sha256, pcm }) => ({ id, sha256, pcm }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const [index, { id }] of sorted.entries()) {
    if (sorted[index + 1]?.id === id) throw new InvalidArgumentError("id", "unique", id);
  }
  return merkleRoot(sorted.map((clip) => canonicalJson(clip)));
}
