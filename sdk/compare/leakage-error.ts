import { GrymError } from "../errors.ts";
import type { LeakageFinding } from "./results-types.ts";

/** Findings that the message tells. */
const NAMED = 3;

/** What is tested was trained on. The message names the first findings, `findings` holds all. */
export class LeakageError extends GrymError {
  override readonly name = "LeakageError";
  readonly code = "leakage";
  readonly findings: readonly LeakageFinding[];

  /** @param findings at least one */
  constructor(dataset: string, findings: readonly LeakageFinding[]) {
    const told = findings.slice(0, NAMED).map(({ note, clips }) => `${note} (${clips.join(", ")})`);
    const rest = findings.length - told.length;
    const more = rest > 0 ? `; and ${rest} more (see \`findings\`)` : "";
    super(
      `${dataset} cannot be split like this: ${told.join("; ")}${more}. Give clips that belong together one ` +
        "`clusterId` (`mergeSources(dataset, error.findings)` does), take one of them out, or keep the " +
        "authors' folds",
    );
    this.findings = findings;
  }
}
