/** The files of a host's process as a client has them: its results, and the mark of what it works on. */
import { closeSync } from "node:fs";
import type { DataPlane } from "../plane.ts";
import { readMark } from "../running-mark.ts";
import type { AttachData, WelcomeData } from "./messages.ts";
import { globalId, splitId } from "./routes.ts";
import { openAllShared, openShared, shareFile } from "./shared-file.ts";

export class HostFiles {
  readonly #plane: DataPlane;
  #markFd: number | undefined;

  /** @param plane which owns the output arena once it is open */
  constructor(plane: DataPlane) {
    this.#plane = plane;
  }

  /**
   * Opens those of a process, in place of the last one's.
   *
   * @returns what the host has to know of ours
   * @throws HostError one is gone, or not the one that was meant
   */
  open({
    hostPid,
    output,
    reserve,
    mark,
  }: WelcomeData): Pick<AttachData, "arena" | "reserve" | "sharesOutput"> {
    this.closeMark();
    this.#markFd = mark && openShared(hostPid, mark);
    const { inputFd, reserveFd } = this.#plane;
    const [outputFd, reserveOutputFd] =
      inputFd === undefined ? [] : openAllShared(hostPid, [output, reserve]);
    const why = output === undefined ? "the host has no memory to share" : undefined;
    this.#plane.adoptOutput(
      outputFd,
      reserveOutputFd,
      outputFd === undefined ? "json" : (output?.plane ?? "json"),
      why,
    );
    return {
      arena: inputFd === undefined ? undefined : shareFile(inputFd),
      reserve: reserveFd === undefined ? undefined : shareFile(reserveFd),
      sharesOutput: outputFd !== undefined,
    };
  }

  /** The request of that client that is worked on; 0 for none of its own; undefined where nothing is known. */
  running(client: number | undefined): number | undefined {
    if (this.#markFd === undefined) return undefined;
    const running = splitId(readMark(this.#markFd));
    return running.client === client ? running.id : 0;
  }

  /** Whether another request than that one is worked on, of whomever; false where nobody knows. */
  worksOnAnother(client: number | undefined, id: number): boolean {
    if (this.#markFd === undefined || client === undefined) return false;
    const running = readMark(this.#markFd);
    return running > 0 && running !== globalId(client, id);
  }

  closeMark(): void {
    if (this.#markFd !== undefined) closeSync(this.#markFd);
    this.#markFd = undefined;
  }
}
