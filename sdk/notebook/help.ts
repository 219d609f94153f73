/** How help is shown. */
export interface HelpOptions {
  /**
   * Beside the notebook, in the pager of the front end, and not in the output of the cell. A kernel is not
   * told whether its front end has one.
   * @default false
   */
  readonly pager?: boolean | undefined;
}

/**
 * Shows what a value is: signature, documentation and members. Of what this package exports they come from its
 * source, with types; of everything else from the value itself, without calling a getter.
 *
 * @example
 * await help(embed);
 */
export async function help(value: unknown, options: HelpOptions = {}): Promise<void> {
  const { showHelp } = await import("./help-page.ts");
  await showHelp(value, options);
}
