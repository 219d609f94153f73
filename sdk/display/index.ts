// What a notebook shows
// How things show themselves, for own display objects and for kernels
export { bundleOf } from "./bundle.ts";
export { display } from "./display.ts";
// The parts of a figure
export type {
  Annotation,
  Axis,
  ErrorBars,
  FigureSpec,
  Layout,
  Line,
  Marker,
  Shape,
  Trace,
} from "./figure/spec.ts";
export { PALETTE, TEMPLATE } from "./figure/template.ts";
export { type FigureOptions, figure } from "./figure.ts";
export { type Html, html, isHtml, markdown, trustedHtml } from "./html.ts";
export type { DisplayMessage, DisplayOptions, KernelHook } from "./kernel-hook.ts";
export {
  DISPLAY,
  type Displayable,
  type DisplayObject,
  displayObject,
  isDisplayable,
  type MimeBundle,
} from "./mime.ts";
export { closeBrowser } from "./picture/png.ts";
export {
  type PlayerAudio,
  type PlayerOptions,
  type PlayersOptions,
  player,
  players,
  type TitledAudio,
} from "./player.ts";
export { type Progress, type ProgressUpdate, progress } from "./progress.ts";
export { type TableOptions, table } from "./table.ts";
export type { ArqueroTable, DanfoFrame, TableRow } from "./table-source.ts";
