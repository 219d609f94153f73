/** Files that are whole after a crash: what was acknowledged is on the disk. */
import { type FileHandle, mkdir, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file so that it has its old content or the new one, never a part. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.tmp`; // one writer holds the run's lock
  const file = await open(temporary, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path)); // else the name may be lost though the content is there
}

/** A file that only grows. */
export class GrowingFile {
  readonly #file: FileHandle;
  #length: number;

  private constructor(file: FileHandle, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** @param length what is kept of it: bytes beyond belong to an append that was not acknowledged */
  static async open(path: string, length: number): Promise<GrowingFile> {
    await makeFolder(dirname(path));
    const file = await open(path, "a");
    try {
      await file.truncate(length);
      await file.sync();
      await syncFolder(dirname(path));
    } catch (error) {
      await file.close();
      throw error;
    }
    return new GrowingFile(file, length);
  }

  /** Bytes that are on the disk. */
  get length(): number {
    return this.#length;
  }

  /** Resolves when the disk has it. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#file.appendFile(bytes);
    await this.#file.datasync();
    this.#length += bytes.length;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function makeFolder(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  if (made !== undefined) await syncFolder(dirname(made));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
