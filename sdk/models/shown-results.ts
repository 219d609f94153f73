/** What results of models show of themselves in a notebook. */
import type { LoadModelData } from "../bridge/protocol.gen.ts";
import { factsBundle } from "../display/facts.ts";
import { html } from "../display/html.ts";
import type { MimeBundle } from "../display/mime.ts";
import { table } from "../display/table.ts";
import type { TableRow } from "../display/table-source.ts";
import { numbersBundle } from "../display/values/numbers.ts";
import type { Answers, ProcessedAudio } from "./answer-types.ts";
import type { Features } from "./feature-types.ts";
import type { ModelInfo, ModelStatus } from "./model-service.ts";
import type { ResultEnvelope } from "./result-envelope.ts";
import type { ScoredAudio, ScoredClips } from "./score-types.ts";
import type { Transcripts } from "./transcript.ts";

const MEBIBYTE = 2 ** 20;

/** Which model, where, and how long it took. */
function describeModel({ modelId, device, dtype, processingTime }: ResultEnvelope): string {
  return `${modelId} on ${device}, ${dtype}, ${processingTime.toFixed(2)} s`;
}

function rowsBundle(title: string, rows: readonly TableRow[]): MimeBundle {
  const { source, text } = table(rows, { title });
  return { "text/html": source, "text/plain": text };
}

export function modelBundle(info: ModelInfo): MimeBundle {
  return factsBundle(`Model ${info.modelId}`, {
    revision: info.revision,
    family: info.family,
    weights: info.weights,
    device: info.device,
    dtype: info.dtype,
    quantization: info.quantization,
    attention: info.attention,
    parameters: info.parameters,
    "sample rate, Hz": info.sampleRate,
    "window, s": info.windowSeconds ?? "hears all",
    capabilities: info.capabilities,
    offers: info.offers,
    "default layer": info.defaultLayer,
    layers: info.layers,
    "features of the default layer": info.embeddingDim,
    notes: info.notes.length === 0 ? undefined : info.notes,
  });
}

export function serviceBundle(
  kind: string,
  parameters: LoadModelData,
  info: ModelInfo | undefined,
): MimeBundle {
  if (info === undefined) return factsBundle(`${kind}, not loaded yet`, { ...parameters });
  const shown = modelBundle(info);
  return { ...shown, "text/plain": `${kind}\n${shown["text/plain"]}` };
}

export function statusBundle(status: ModelStatus): MimeBundle {
  const mebibytes = (bytes: number | null): number | null => bytes && Math.round(bytes / MEBIBYTE);
  return factsBundle(status.isLoaded ? `${status.model?.modelId} is loaded` : "Not loaded", {
    process: status.pid,
    device: status.device,
    "bulk data by": status.plane,
    "resident memory, MiB": mebibytes(status.residentMemory),
    "on CUDA devices, MiB":
      status.deviceAllocated === null ? undefined : mebibytes(status.deviceAllocated),
    "memory available, MiB": mebibytes(status.memoryAvailable),
    "audio kept, MiB": mebibytes(status.keptBytes),
    "running for, s": status.uptime,
    versions: Object.entries(status.versions).map(([name, version]) => `${name} ${version}`),
  });
}

export function answerBundle(answer: ProcessedAudio): MimeBundle {
  const { text, prompt, secondsHeard, secondsGiven, stopReason, tokens } = answer;
  const heard = `${secondsHeard.toFixed(2)} of ${secondsGiven.toFixed(2)} s heard`;
  const cut = stopReason === "length" ? `, cut off after ${tokens} tokens` : "";
  const about = `${prompt} · ${heard}${cut} · ${describeModel(answer)}`;
  return {
    "text/html":
      html`<div><p style="white-space:pre-wrap;">${text}</p><small>${about}</small></div>`.source,
    "text/plain": `${text}\n(${about})`,
  };
}

export function answersBundle(result: Answers): MimeBundle {
  const rows = result.answers.map((answer, index) => ({
    question: answer?.prompt,
    answer: answer?.text ?? failureOf(result, index),
    "heard, s": answer?.secondsHeard,
  }));
  return rowsBundle(`Answers of ${describeModel(result)}`, rows);
}

export function scoredAudioBundle(result: ScoredAudio): MimeBundle {
  const rows = result.candidates
    .map((candidate, at) => ({
      candidate,
      "log probability": result.logProbabilities[at],
      "by token": result.meanLogProbabilities[at],
    }))
    .toSorted((a, b) => (b["log probability"] ?? 0) - (a["log probability"] ?? 0));
  return rowsBundle(`${result.prompt} ${result.best}, says ${describeModel(result)}`, rows);
}

export function scoredClipsBundle(result: ScoredClips): MimeBundle {
  const rows = result.clips.map((clip, index) => {
    const scores = result.candidates.map((name, at) => [name, clip?.logProbabilities[at]] as const);
    return { best: clip?.best ?? failureOf(result, index), ...Object.fromEntries(scores) };
  });
  return rowsBundle(`${result.prompt} Log probabilities by ${describeModel(result)}`, rows);
}

export function transcriptsBundle(result: Transcripts): MimeBundle {
  const rows = result.clips.map((clip, index) => ({
    clip: index,
    words: clip?.text ?? failureOf(result, index),
    "heard, s": clip?.secondsHeard,
  }));
  return rowsBundle(`Transcripts by ${describeModel(result)}`, rows);
}

export function featuresBundle(result: Features): MimeBundle {
  const { data, shape, layer, pooling, failures } = result;
  const numbers = numbersBundle({ data, shape: [...shape] });
  const failed = failures.length === 0 ? "" : `, ${failures.length} clips failed`;
  const title = `Features: layer ${layer}, pooling ${pooling}${failed}, ${describeModel(result)}`;
  return {
    "text/html": html`<div>${title}</div>`.source + String(numbers?.["text/html"] ?? ""),
    "text/plain": `${title}\n${numbers?.["text/plain"] ?? "none"}`,
  };
}

function failureOf({ failures }: Pick<Answers, "failures">, index: number): string {
  const failure = failures.find((it) => it.index === index);
  return failure === undefined ? "none" : `failed: ${failure.message}`;
}
