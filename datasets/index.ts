export { openAudioFolder } from "./audiofolder.ts";
export { openEsc50 } from "./esc50.ts";
export { openFolder } from "./folder.ts";
export { openFsd50k } from "./fsd50k.ts";
export { type FsddOptions, openFsdd } from "./fsdd.ts";
export { type FileWork, hashRows } from "./hash-rows.ts";
export { openLibriSpeech } from "./librispeech.ts";
export type {
  ClassLabels,
  ClipLabels,
  Dataset,
  DatasetProtocol,
  ManifestRow,
  Split,
} from "./manifest.ts";
export { openNsynth } from "./nsynth.ts";
export { type OpenOptions, openDataset } from "./open-dataset.ts";
export { requireClasses } from "./require-classes.ts";
export { openSamples } from "./samples.ts";
export { openSpeechCommands } from "./speech-commands.ts";
export { openUrbanSound8k } from "./urbansound8k.ts";
export {
  type DamagedFile,
  type Validation,
  type ValidationOptions,
  validateDataset,
} from "./validate-dataset.ts";
