import { GrymError } from "../errors.ts";
import type { LeakageFinding } from "./results-types.ts";

/** What is tested was trained on. The message names the first finding, `findings` holds all. */
export class LeakageError extends GrymError {
  override readonly name = "LeakageError";
  readonly code = "leakage";
  readonly findings: readonly LeakageFinding[];

  /** @param findings at least one */
  constructor(dataset: string, findings: readonly LeakageFinding[]) {
    const [first] = findings;
    const more = findings.length > 1 ? `; and ${findings.length - 1} more (see \`findings\`)` : "";
    super(
      `${dataset} cannot be split like this: ${first?.note} (${first?.clips.join(", ")})${more}. ` +
        "Give clips that belong together one `clusterId`, take one of them out, or keep the authors' folds",
    );
    this.findings = findings;
  }
}
