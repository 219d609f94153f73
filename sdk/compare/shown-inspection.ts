import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import type { AudioInspection } from "./inspect-audio.ts";

/** What an inspection shows of itself in a notebook. */
export function inspectionBundle({ clips, failures }: AudioInspection): MimeBundle {
  const heard = clips.filter((clip) => clip !== null);
  const seconds = heard.reduce((sum, clip) => sum + clip.seconds, 0);
  const each = <Value>(of: (clip: (typeof heard)[number]) => Value): Value[] => [
    ...new Set(heard.map(of)),
  ];
  return factsBundle(`${clips.length} clips, ${Number(seconds.toFixed(1))} s`, {
    "sample rates": each(({ sampleRate }) => `${sampleRate} Hz`),
    channels: each(({ channels }) => channels),
    "different sounds": each(({ digest }) => digest).length,
    failed: failures.length,
    ...Object.fromEntries(failures.map(({ index, message }) => [`clip ${index}`, message])),
  });
}
