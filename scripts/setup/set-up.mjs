// Does what is not done yet, and says so; silent and quick when nothing is to do.
import { SetupError } from "./command.mjs";
import { alone } from "./lock.mjs";

async function runStep(step) {
  const started = performance.now();
  process.stderr.write(`set-up: ${step.name} (${step.size}) … `);
  await step.run();
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

/** @param {{ name: string, size: string, isDone(): boolean, run(): Promise<void> }[]} steps */
export async function setUp(steps) {
  if (steps.every((step) => step.isDone())) return;
  await alone(async () => {
    for (const step of steps) if (!step.isDone()) await runStep(step);
  });
}

/** The same for a script: a failure is printed with what to do, and ends the script with code 1. */
export async function setUpOrExit(steps) {
  try {
    await setUp(steps);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`failed\n\n${error.message}\n\n${error.help}`);
    process.exit(1);
  }
}
