/** Every option of `compare`, as `--help` and a mistake print it. */
export const COMPARE_USAGE = `compare --a MODEL --b MODEL [options]   two models on the same clips, with baselines
  grym-synth compare STUDY.ts [options]           the study that a file exports (docs/comparing.md)
  grym-synth compare replay RUN                   computes all results of a run again; 1 where they differ
  grym-synth compare diff RUN RUN                 where two runs part, and which field explains it
  grym-synth compare report RUN [--audio FOLDER] [--to FILE]
                                                  writes report.html; FOLDER, the data set's, gives it players
  grym-synth compare export RUN [--csv] [--parquet] [--to FOLDER]
                                                  rows by clip as tables; without a form, both

of two models:
  --data DATA          samples, a folder, NAME:FOLDER (docs/data-sets.md); default: GRYM_DATASET, else samples
  --task TASK,…        linear (or probe), mlp, knn, layers, few-shot, retrieval, clustering, tags, zero-shot;
                       default: probe. The first one is declared, the others are explored
  --label NAME         label of the clips that is read off; default: class (tags, of the task tags)
  --folds N            folds of whole sources; default: official where the data set has its own, else 5
  --layer-a L, --layer-b L
                       a layer's name or number, or all for --task layers; default: each model's own
  --pooling P          mean or mean_std; default: mean
  --claim CLAIM        superior, not-worse, equivalent; default: superior
  --margin SHARE       0.02 is two points; not-worse and equivalent need one
  --prompt TEXT        of zero-shot; default: What is the main sound?
  --template TEXT      of zero-shot: each label's words, {} is the label ("a photo of" is to images what "a {}"
                       is here); default: the data set's phrases, else the label
  --cost-incarnations N  pairs of fresh processes in which time and memory are measured, and as many of A beside
                       itself; default: 5
  --no-cost            quality alone
  --seed N, --name NAME

of every study:
  --out FOLDER         in which the run gets a folder of its own; default: runs
  --fresh              measure again, even where the same study was begun or sealed
  --require WORD       better, not-worse, equivalent: exit code 3 unless the first verdict supports it
  --yes                go on without asking, however long it takes

of every verb:
  --json               one JSON document on stdout; all else goes to stderr

exit codes: 0 done; 1 failed, or a replay that is not identical; 2 not understood; 3 not what --require asks for;
4 refused (leakage, folds of one's own, features that depend on their neighbours); 130 interrupted: the same
command goes on`;
