import { parseArgs } from "node:util";
import { writeFindings } from "./doctor/finding.ts";
import { kernelFindings, modelFindings } from "./doctor/installed.ts";
import { machineFindings, storageFindings } from "./doctor/machine.ts";
import { pythonFindings } from "./doctor/python.ts";

/**
 * `grym-synth doctor`: what is installed here, as plain text to paste into a report.
 *
 * @returns 0 when everything that the notebook needs is there, else 1
 */
export async function runDoctor(args: string[]): Promise<number> {
  parseArgs({ args, options: {} });
  const [machine, python] = await Promise.all([machineFindings(), pythonFindings()]);
  const findings = [
    ...machine,
    ...python,
    ...storageFindings(),
    ...kernelFindings(),
    ...modelFindings(),
  ];
  const missing = findings.filter(({ state }) => state === "missing");
  console.log(writeFindings(findings));
  console.log(
    missing.length === 0
      ? "\nEverything that is needed is there."
      : `\nMissing: ${missing.map(({ name }) => name).join(", ")}. What to do stands behind each arrow.`,
  );
  return missing.length === 0 ? 0 : 1;
}
