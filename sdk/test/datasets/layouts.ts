import {
  type Dataset,
  openAudioFolder,
  openEsc50,
  openFsd50k,
  openFsdd,
  openLibriSpeech,
  openNsynth,
  openSpeechCommands,
  openUrbanSound8k,
} from "../../../datasets/index.ts";

/** A data set as its authors lay it out, and what one file too few, too many and damaged is in it. */
export interface Layout {
  readonly texts: Readonly<Record<string, string>>;
  readonly clips: readonly string[];
  readonly open: (folder: string) => Promise<Dataset>;
  readonly missing: string;
  readonly extra: string;
  readonly damaged: string;
  /** The first row without its licence. */
  readonly first: object;
  readonly protocol: Dataset["protocol"]["kind"];
}

export const esc50: readonly string[] = [
  "filename,fold,target,category,esc10,src_file,take",
  "1-100032-A-0.wav,1,0,dog,True,100032,A",
  "1-110389-A-0.wav,1,0,dog,True,110389,A",
  "2-102581-A-19.wav,2,19,thunderstorm,False,102581,A",
  "2-102581-B-19.wav,2,19,thunderstorm,False,102581,B",
];
export const urban: readonly string[] = [
  "slice_file_name,fsID,start,end,salience,fold,classID,class",
  "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark",
  "100263-2-0-117.wav,100263,58.5,62.5,1,5,2,children_playing",
  "100263-2-0-121.wav,100263,60.5,64.5,2,10,2,children_playing",
];
const fsd50kDev = [
  "fname,labels,mids,split",
  '64760,"Electric_guitar,Guitar,Music","/m/02sgy,/m/0342h,/m/04rlf",train',
  "16399,Bark,/m/05tny_,val",
];
const fsd50kEval = [
  "fname,labels,mids",
  '37199,"Bark,Dog","/m/05tny_,/m/0bt9lr"',
  "175151,Rain,/m/06mb1",
];
const dev = {
  64760: {
    title: "guitarras_63.wav",
    license: "http://creativecommons.org/licenses/sampling+/1.0/",
    uploader: "anna",
  },
  16399: {
    title: "dog",
    license: "http://creativecommons.org/licenses/by-nc/3.0/",
    uploader: "anna",
  },
};
const evaluation = {
  37199: { license: "http://creativecommons.org/publicdomain/zero/1.0/", uploader: "ben" },
  175151: { license: "http://creativecommons.org/licenses/by/3.0/", uploader: "ben" },
};
const note = (instrument: string, family: string) => ({
  note_str: instrument,
  instrument_str: instrument,
  instrument_family_str: family,
  instrument_source_str: "acoustic",
  pitch: 60,
  velocity: 50,
  qualities_str: ["bright"],
});

export const layouts: Readonly<Record<string, Layout>> = {
  "ESC-50": {
    texts: { "meta/esc50.csv": esc50.join("\r\n") },
    clips: esc50.slice(1).map((line) => `audio/${line.split(",")[0]}`),
    open: openEsc50,
    missing: "audio/1-100032-A-0.wav",
    extra: "audio/3-100032-A-0.wav",
    damaged: "audio/2-102581-A-19.wav",
    first: {
      id: "1-100032-A-0",
      labels: { class: "dog", target: 0, esc10: true, take: "A" },
      fold: 1,
      clusterId: "100032",
      freesoundId: "100032",
    },
    protocol: "folds",
  },
  UrbanSound8K: {
    texts: { "metadata/UrbanSound8K.csv": urban.join("\n") },
    clips: urban.slice(1).map((line) => `audio/fold${line.split(",")[5]}/${line.split(",")[0]}`),
    open: openUrbanSound8k,
    missing: "audio/fold5/100032-3-0-0.wav",
    extra: "audio/fold5/100263-2-0-121.wav",
    damaged: "audio/fold10/100263-2-0-121.wav",
    first: {
      id: "100032-3-0-0",
      labels: { class: "dog_bark", target: 3, salience: "foreground" },
      fold: 5,
      clusterId: "100032",
      freesoundId: "100032",
    },
    protocol: "folds",
  },
  FSD50K: {
    texts: {
      "FSD50K.ground_truth/dev.csv": fsd50kDev.join("\n"),
      "FSD50K.ground_truth/eval.csv": fsd50kEval.join("\n"),
      "FSD50K.metadata/dev_clips_info_FSD50K.json": JSON.stringify(dev),
      "FSD50K.metadata/eval_clips_info_FSD50K.json": JSON.stringify(evaluation),
    },
    clips: [
      "FSD50K.dev_audio/64760.wav",
      "FSD50K.dev_audio/16399.wav",
      "FSD50K.eval_audio/37199.wav",
      "FSD50K.eval_audio/175151.wav",
    ],
    open: openFsd50k,
    missing: "FSD50K.eval_audio/37199.wav",
    extra: "FSD50K.dev_audio/37199.wav",
    damaged: "FSD50K.eval_audio/175151.wav",
    first: {
      id: "64760",
      labels: { tags: ["Electric_guitar", "Guitar", "Music"] },
      split: "train",
      clusterId: "anna",
      freesoundId: "64760",
      artist: "anna",
    },
    protocol: "splits",
  },
  LibriSpeech: {
    texts: {
      "LibriSpeech/SPEAKERS.TXT":
        ";ID  |SEX| SUBSET |MINUTES| NAME\n19   | F | train-clean-100  | 25.19 | Kara\n84 | M | dev-clean | 8 | Chris\n",
      "LibriSpeech/train-clean-100/19/198/19-198.trans.txt":
        "19-198-0000 NORTHANGER ABBEY\n19-198-0001 THIS LITTLE WORK\n",
      "LibriSpeech/test-clean/84/121/84-121.trans.txt": "84-121-0000 GO DO YOU HEAR\n",
    },
    clips: ["0000", "0001"]
      .map((n) => `LibriSpeech/train-clean-100/19/198/19-198-${n}.flac`)
      .concat("LibriSpeech/test-clean/84/121/84-121-0000.flac"),
    open: openLibriSpeech,
    missing: "train-clean-100/19/198/19-198-0000.flac",
    extra: "test-clean/84/121/84-121-0009.wav",
    damaged: "train-clean-100/19/198/19-198-0001.flac",
    first: {
      id: "84-121-0000",
      labels: {
        text: "GO DO YOU HEAR",
        speaker: "84",
        chapter: "121",
        subset: "test-clean",
        sex: "M",
      },
      split: "test",
      clusterId: "84",
      speaker: "84",
    },
    protocol: "splits",
  },
  "Speech Commands": {
    texts: {
      "validation_list.txt": "bed/026290a7_nohash_0.wav\n",
      "testing_list.txt": "bed/0c40e715_nohash_0.wav\ncat/0c40e715_nohash_0.wav\n",
    },
    clips: [
      "bed/00176480_nohash_0.wav",
      "bed/026290a7_nohash_0.wav",
      "bed/0c40e715_nohash_0.wav",
      "cat/0c40e715_nohash_0.wav",
      "_background_noise_/pink_noise.wav",
    ],
    open: openSpeechCommands,
    missing: "cat/0c40e715_nohash_0.wav",
    extra: "bed/hello.wav",
    damaged: "bed/026290a7_nohash_0.wav",
    first: {
      id: "bed/00176480_nohash_0",
      labels: { class: "bed", speaker: "00176480" },
      split: "train",
      clusterId: "00176480",
      speaker: "00176480",
    },
    protocol: "splits",
  },
  NSynth: {
    texts: {
      "nsynth-train/examples.json": JSON.stringify({
        "organ_electronic_001-060-050": note("organ_electronic_001", "organ"),
      }),
      "nsynth-test/examples.json": JSON.stringify({
        "bass_synthetic_033-060-050": note("bass_synthetic_033", "bass"),
        "bass_synthetic_033-061-050": note("bass_synthetic_033", "bass"),
      }),
    },
    clips: [
      "nsynth-train/audio/organ_electronic_001-060-050.wav",
      "nsynth-test/audio/bass_synthetic_033-060-050.wav",
      "nsynth-test/audio/bass_synthetic_033-061-050.wav",
    ],
    open: openNsynth,
    missing: "nsynth-test/audio/bass_synthetic_033-060-050.wav",
    extra: "nsynth-train/audio/organ_electronic_001-061-050.wav",
    damaged: "nsynth-test/audio/bass_synthetic_033-061-050.wav",
    first: {
      id: "organ_electronic_001-060-050",
      labels: { class: "organ", tags: ["bright"], source: "acoustic", pitch: 60, velocity: 50 },
      split: "train",
      clusterId: "organ_electronic_001",
      seconds: 4,
    },
    protocol: "splits",
  },
  FSDD: {
    texts: { "README.md": "digits" },
    clips: [0, 1, 2].flatMap((index) => [
      `recordings/3_theo_${index}.wav`,
      `recordings/3_jackson_${index}.wav`,
    ]),
    open: openFsdd,
    missing: "3_theo_1.wav",
    extra: "three.wav",
    damaged: "3_jackson_2.wav",
    first: {
      id: "3_jackson_0",
      labels: { class: "3", speaker: "jackson" },
      split: "test",
      clusterId: "jackson",
      speaker: "jackson",
    },
    protocol: "free",
  },
  "audiofolder with metadata.csv": {
    texts: {
      "metadata.csv":
        '\uFEFFfile_name,label,speaker,room\na.wav,yes,anna,hall\nsub/b.wav,no,ben,\nc.wav,"no, thanks",anna,hall\n',
    },
    clips: ["a.wav", "sub/b.wav", "c.wav"],
    open: openAudioFolder,
    missing: "sub/b.wav",
    extra: "d.wav",
    damaged: "c.wav",
    first: {
      id: "a.wav",
      labels: { class: "yes", speaker: "anna", room: "hall" },
      clusterId: "anna",
      speaker: "anna",
    },
    protocol: "free",
  },
  "audiofolder with metadata.jsonl in each split": {
    texts: {
      "train/metadata.jsonl":
        '{"file_name":"a.wav","tags":["bell","bird"],"source":7,"transcription":"hello"}\n',
      "test/metadata.jsonl":
        '{"file_name":"b.wav","tags":[],"source":8}\n{"file_name":"c.wav","tags":["bird"],"source":8}\n',
    },
    clips: ["train/a.wav", "test/b.wav", "test/c.wav"],
    open: openAudioFolder,
    missing: "test/b.wav",
    extra: "test/d.wav",
    damaged: "test/c.wav",
    first: {
      id: "train/a.wav",
      labels: { tags: ["bell", "bird"], text: "hello", source: 7 },
      split: "train",
      clusterId: "7",
    },
    protocol: "splits",
  },
};
