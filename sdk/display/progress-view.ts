import { escapeMarkup } from "./html.ts";

/** Where one piece of a long work stands. Times in milliseconds of one monotonic clock. */
export interface WorkState {
  stage: string;
  done: number;
  /** 0 while it is not known how much there is to do. */
  total: number;
  unit: string;
  message: string;
  started: number;
  /** When it was done or given up; undefined while it runs. */
  ended: number | undefined;
  /** Ended before its total. */
  stopped: boolean;
}

const ROW =
  "display:flex;align-items:center;gap:0.8em;font-variant-numeric:tabular-nums;margin:0.15em 0;";
const TRACK = "width:240px;height:8px;border-radius:4px;background:rgba(128,128,128,0.25);";
const COLOUR = { running: "#0072B2", finished: "#009E73", stopped: "#D55E00" };

/** Seconds as people say them: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`. */
export function writeDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${twoDigits(Math.floor((whole % 3600) / 60))} min`;
}

/** One line for a terminal: `[████····] embedding: encode 120/360 clips · 41.2 clips/s · 6 s left`. */
export function workText(label: string, state: WorkState, now: number): string {
  const full = Math.round(fraction(state) * 20);
  const bar = `[${"█".repeat(full)}${"·".repeat(20 - full)}] `;
  const running = state.total > 0 && state.ended === undefined;
  return `${running ? bar : ""}${workName(label, state)} ${workFacts(state, now).join(" · ")}`;
}

/** The same as a row of HTML: blue while it runs, green when done, orange when it stopped early. */
export function workHtml(label: string, state: WorkState, now: number): string {
  const colour = COLOUR[outcome(state)];
  const fade = state.total > 0 || state.ended !== undefined ? "" : "opacity:0.35;";
  const width = `width:${(fraction(state) * 100).toFixed(1)}%;`;
  const fill = `${width}height:100%;border-radius:4px;background:${colour};${fade}`;
  const name = escapeMarkup(workName(label, state));
  const facts = escapeMarkup(workFacts(state, now).join(" · "));
  return (
    `<div style="${ROW}"><span style="min-width:10em;">${name}</span>` +
    `<div style="${TRACK}"><div style="${fill}"></div></div>` +
    `<span style="opacity:0.8;">${facts}</span></div>`
  );
}

function workName(label: string, { stage, ended }: WorkState): string {
  return stage === "" || stage === label || ended !== undefined ? label : `${label}: ${stage}`;
}

function outcome({ ended, stopped }: WorkState): keyof typeof COLOUR {
  if (ended === undefined) return "running";
  return stopped ? "stopped" : "finished";
}

function workFacts(state: WorkState, now: number): string[] {
  const { done, total, unit, ended, stopped, message } = state;
  const seconds = ((ended ?? now) - state.started) / 1000;
  const rate = seconds > 0 ? done / seconds : 0;
  const facts = [amount(state)];
  if (ended !== undefined)
    facts.push(`${stopped ? "stopped after" : "in"} ${writeDuration(seconds)}`);
  if (rate > 0 && unit !== "") facts.push(`${writeAmount(rate)} ${unit}/s`);
  if (ended === undefined && total > 0 && rate > 0) {
    facts.push(`${writeDuration((total - done) / rate)} left`);
  }
  if (message !== "") facts.push(message);
  return facts.filter((fact) => fact !== "");
}

/** How much is done. A total without a unit is a share of the work, not a count of anything. */
function amount(state: WorkState): string {
  const { done, total, unit, ended } = state;
  if (unit !== "")
    return `${writeAmount(done)}${total > 0 ? `/${writeAmount(total)}` : ""} ${unit}`;
  if (total === 0) return done > 0 ? writeAmount(done) : "";
  return ended !== undefined && done >= total ? "done" : `${Math.round(fraction(state) * 100)} %`;
}

function writeAmount(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** The part that is done; all of it where the total is not known. */
function fraction({ done, total }: WorkState): number {
  return total > 0 ? Math.min(1, Math.max(0, done / total)) : 1;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
