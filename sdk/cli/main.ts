import { COMPARE_USAGE } from "./compare/usage.ts";
import { isUsageError } from "./usage-error.ts";

/** One command: its line in the help, and what it does with its arguments. */
interface Command {
  help: string;
  /** All of its options, where the help names some. */
  usage?: string;
  /** @returns the exit code */
  run(args: string[]): Promise<number>;
}

// Loaded when they run: `--help` needs neither arquero nor the bridge.
const COMMANDS: Record<string, Command> = {
  doctor: {
    help: "doctor                          what is installed and what is missing, to paste into a report",
    run: async (args) => (await import("./doctor.ts")).runDoctor(args),
  },
  kernel: {
    help: `kernel install --user | --sys-prefix | --prefix DIR
                                  make the notebook kernel visible to a Jupyter
  kernel uninstall --user | --sys-prefix | --prefix DIR
  kernel spec                     print the kernel spec`,
    run: async (args) => (await import("./kernel.ts")).runKernel(args),
  },
  embed: {
    help: `embed FOLDER --model NAME --out FILE.npy|FILE.parquet [--layer L] [--pooling P]
    [--window SECONDS [--hop SECONDS]] [--l2]
                                  features of every sound file in a folder; L is a name, a number, or all`,
    run: async (args) => (await import("./embed.ts")).runEmbed(args),
  },
  compare: {
    help: `compare --a MODEL --b MODEL [--data DATA] [--task TASK,…] | STUDY.ts
                                  a study with verdict, record and report (compare --help: all options)
  compare replay | diff | report | export RUN …
                                  what is done with its record`,
    usage: COMPARE_USAGE,
    run: async (args) => (await import("./compare.ts")).runCompare(args),
  },
  model: {
    help: `model add DIR [--name NAME] [--base DIR] [--checkpoint FILE]
                                  make a model of a folder: files linked, pickles converted once
  model download REPO[@REVISION] [--name NAME] [--include PATTERN]…
                                  fetch one from the Hugging Face hub; goes on where it was cut off
  model list [--json]             what the store holds, with sizes
  model verify NAME [--quick]     hashes, headers, and config against tensors
  model remove NAME               delete it, or what an unfinished download has left`,
    run: async (args) => (await import("./model.ts")).runModel(args),
  },
  ps: {
    help: "ps [--json]                     hosts that keep models loaded, and who uses them",
    run: async (args) => (await import("./ps.ts")).runPs(args),
  },
  stop: {
    help: "stop [NAME | --all]             end a host, and with it its Python",
    run: async (args) => (await import("./stop.ts")).runStop(args),
  },
};

const HELP = `grym-synth: a research notebook for audio models

Usage: grym-synth COMMAND

  ${Object.values(COMMANDS)
    .map(({ help }) => help)
    .join("\n  ")}
  --help                          this text
`;

/**
 * Runs one command.
 *
 * @param argv what stands after `grym-synth`
 * @returns the exit code: 0 done, 1 failed, 2 not understood, and what a command adds
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const command = name === undefined || !Object.hasOwn(COMMANDS, name) ? undefined : COMMANDS[name];
  if (command === undefined) {
    const complaint = name === undefined ? "" : `grym-synth: there is no command "${name}"\n\n`;
    process.stderr.write(complaint + HELP);
    return 2;
  }
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usageOf(command));
    return 0;
  }
  return await runCommand(`grym-synth ${name}`, command, args);
}

async function runCommand(name: string, command: Command, args: string[]): Promise<number> {
  try {
    return await command.run(args);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${name}: ${message}\n`);
    if (!isUsageError(error)) return 1;
    process.stderr.write(`\n${usageOf(command)}`);
    return 2;
  }
}

function usageOf({ usage, help }: Command): string {
  return `Usage: grym-synth ${usage ?? help}\n`;
}
