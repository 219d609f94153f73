/** Does any broken audio file crash, hang or swell the decoder, or end in an error of no type? */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RecordRow, Target } from "../../sdk/index.ts";

const python = join(import.meta.dirname, "..", "..", "python");

/** What `audio_fuzzing.py` prints. */
interface Report {
  readonly files: number;
  readonly faults: number;
  readonly crashes: number;
  readonly hangs: number;
  /** Files whose peak of memory the kernel did not tell. */
  readonly unmeasured: number;
  readonly secondTenthBytes: number;
  readonly lastTenthBytes: number;
  /** Files by outcome, for each format. */
  readonly rows: RecordRow[];
}

/** `files` broken files, each from its seed, through the decoder in a process of its own. */
export async function brokenAudio(
  files: number,
): Promise<{ rows: RecordRow[]; targets: Target[] }> {
  const program = join(python, "..", ".venv", "bin", "python");
  const args = ["tests/audio_fuzzing.py", "--files", String(files)];
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    cwd: python,
    maxBuffer: 2 ** 28,
  });
  process.stderr.write(stderr);
  const { rows, ...facts } = JSON.parse(stdout) as Report;
  const part = "broken audio files";
  const none = (name: string, value: number): Target => ({ name, value, goal: 0, better: "lower" });
  return {
    rows: [{ part, ...facts }, ...rows.map((row) => ({ part, ...row }))],
    targets: [
      none("files with a fault of any kind", facts.faults),
      none("crashes of the decoder", facts.crashes),
      none("files without an answer", facts.hangs),
      none("files whose peak of memory is not known", facts.unmeasured),
      {
        // The house's meaning of "flat": at most 5 % and 5 MB above the second tenth.
        name: "last tenth of RSS over allowed",
        value: facts.lastTenthBytes / (facts.secondTenthBytes * 1.05 + 5e6),
        goal: 1,
        better: "lower",
      },
    ],
  };
}
