import type { LabPage } from "./lab-page.ts";

/** Which button of the call stack does what. */
const BUTTONS = { continue: "continue", stepOver: "next", stepIn: "stepIn" } as const;

/** The debugger of JupyterLab in a page with a notebook. */
export class DebuggerPanel {
  readonly #lab: LabPage;

  constructor(lab: LabPage) {
    this.#lab = lab;
  }

  /** Switches the debugger on by the button of the notebook's toolbar. */
  async switchOn(): Promise<void> {
    const bug = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-DebuggerBugButton";
    const is = (attribute: string, value: string): string =>
      `document.querySelector(${JSON.stringify(bug)})?.getAttribute("${attribute}") === "${value}"`;
    await this.#lab.until(is("aria-disabled", "false"), "button of the debugger that can be used");
    await this.#lab.click(bug);
    await this.#lab.until(is("aria-pressed", "true"), "debugger");
    await this.#lab.until(
      'document.querySelector("#jp-debugger-sidebar:not(.lm-mod-hidden)")',
      "panel of the debugger",
    );
  }

  /** Clicks into the gutter of an editor, and waits for the red dot. */
  async breakAt(editor: string, line: number): Promise<void> {
    // The first element of a gutter only gives it its width.
    const gutter = `${editor} .cm-gutter.cm-breakpoint-gutter .cm-gutterElement:nth-child(${line + 1})`;
    await this.#lab.click(gutter);
    await this.#lab.until(
      `document.querySelector(${JSON.stringify(`${gutter} .cm-breakpoint-icon`)})`,
      `breakpoint in line ${line}`,
    );
  }

  /** Chooses one of the filters for errors, and waits until the kernel has it. */
  async stopAtErrors(filter: string): Promise<void> {
    await this.#lab.command("debugger:pause-on-exceptions", { filter });
    await this.#lab.until(
      `document.querySelector('.jp-PauseOnExceptions[aria-pressed="true"]')`,
      `filter ${filter}`,
    );
  }

  /** Waits until the line at which the program stands has this text. */
  async standsAt(text: string): Promise<void> {
    const lines = '[...document.querySelectorAll(".jp-DebuggerEditor-highlight")]';
    await this.#lab.until(
      `${lines}.some((it) => it.innerText.trim() === ${JSON.stringify(text)})`,
      `stop at "${text}"`,
    );
  }

  /** Waits until the call stack has a function at a place. */
  async called(name: string, place: string): Promise<void> {
    const frames = '[...document.querySelectorAll(".jp-DebuggerCallstackFrame")]';
    await this.#lab.until(
      `${frames}.some((it) => it.innerText.startsWith("${name}") && it.innerText.endsWith("${place}"))`,
      `call of ${name} at ${place}`,
    );
  }

  /** Waits until the panel of the variables has this one. */
  async lists(name: string, value: string): Promise<void> {
    const rows = '[...document.querySelectorAll(".jp-DebuggerVariables .jp-TreeItem")]';
    const text = (part: string): string =>
      `it.querySelector(".jp-DebuggerVariables-${part}")?.innerText`;
    await this.#lab.until(
      `${rows}.some((it) => ${text("name")} === "${name}" && ${text("detail")} === ${JSON.stringify(value)})`,
      `variable ${name} = ${value}`,
    );
  }

  /** Presses a button of the call stack. */
  async press(button: keyof typeof BUTTONS): Promise<void> {
    await this.#lab.command(`debugger:${BUTTONS[button]}`);
  }

  /** Waits until the program goes on. */
  async goesOn(): Promise<void> {
    await this.#lab.until(
      '!document.querySelector(".jp-DebuggerPausedOverlay")',
      "end of the pause",
    );
  }
}
