import { existsSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, type Json } from "./canonical-json.ts";
import { type Difference, findDifferences } from "./differences.ts";
import { type Explains, explains } from "./explaining-fields.ts";
import { OPENING_FILES } from "./opening.ts";
import { listFiles, readConditions, readJsonFile, readRows } from "./run-files.ts";
import { RESULTS, SEAL, verifySeal } from "./seal.ts";

/** Rows of one file in two runs. */
export interface RowDifference {
  /** `outcomes/linear.gama.jsonl`; of the manifest, clips. */
  readonly path: string;
  readonly changed: number;
  readonly onlyA: number;
  readonly onlyB: number;
}

/** Where two runs part, and why. */
export interface RunDifference {
  /** Fields that differ: the study's, then the data's, the arms', the seeds', the machine's. */
  readonly fields: readonly (Difference & { readonly explains: Explains })[];
  readonly rows: readonly RowDifference[];
  /** Leaves of the results that are not the same to the bit. */
  readonly results: readonly Difference[];
  /** One sentence each. */
  readonly quality: string;
  readonly cost: string;
}

const COST_ROWS = "cost.jsonl";
/** Packages that add, sort and draw: they make results of rows. */
const STATISTICS = /^machine\.(versions\.(numpy|scipy|scikit-learn|statsmodels)|code)$/;
/** A seed is part of the design; it explains after whatever is heard, asked and scored. */
const SEED = /^study\.seed\b/;

/**
 * Compares two runs, sealed or not, and names the field that explains a change.
 *
 * @throws RunError `run_damaged`: a sealed one is not what was sealed, which would be taken for chance
 */
export async function diffRuns(a: string, b: string): Promise<RunDifference> {
  for (const folder of [a, b]) if (existsSync(join(folder, SEAL))) await verifySeal(folder);
  const [inA, inB] = await Promise.all([readConditions(a), readConditions(b)]);
  const found = (["study", "data", "arms", "machine"] as const).flatMap((part) =>
    findDifferences(inA[part], inB[part], part),
  );
  const isMachine = ({ path }: Difference): boolean => path.startsWith("machine.");
  const isSeed = ({ path }: Difference): boolean => SEED.test(path);
  const fields = [
    ...found.filter((each) => !isSeed(each) && !isMachine(each)),
    ...found.filter(isSeed),
    ...found.filter(isMachine),
  ].map((each) => ({ ...each, explains: explains(each.path) }));
  const rows = await diffAllRows(a, b);
  const results = await diffResults(a, b);
  return {
    fields,
    rows,
    results,
    quality: explainQuality(
      fields,
      rows.filter(({ path }) => isOutcomes(path)),
      results,
    ),
    cost: explainCost(
      fields,
      rows.some(({ path }) => path === COST_ROWS),
    ),
  };
}

function explainQuality(
  fields: RunDifference["fields"],
  rows: readonly RowDifference[],
  results: readonly Difference[],
): string {
  if (rows.length > 0) {
    const field =
      fields.find((each) => each.explains.quality) ?? fields.find((each) => each.explains.bits);
    const count = rows.reduce((sum, row) => sum + row.changed + row.onlyA + row.onlyB, 0);
    const why =
      field === undefined
        ? "nothing that was recorded explains it: not deterministic"
        : tell(field);
    return `${count} outcomes differ: ${why}`;
  }
  if (results.length === 0) return "Outcomes and results are the same to the bit";
  const first = results[0]?.path;
  const field = fields.find(({ path }) => STATISTICS.test(path) || path.startsWith("study."));
  const why = field === undefined ? "nothing that was recorded explains it" : tell(field);
  return `Outcomes are the same, ${results.length} results differ (first: ${first}): ${why}`;
}

function explainCost(fields: RunDifference["fields"], differ: boolean): string {
  if (!differ) return "Costs are the same, or were not measured";
  const field = fields.find((each) => each.explains.cost);
  return field === undefined
    ? "Costs were measured again under the same conditions"
    : `Costs do not compare: ${tell(field)}`;
}

function tell({ path, a, b }: Difference): string {
  return `${path} is ${write(a)} in the one and ${write(b)} in the other`;
}

function write(value: Json | undefined): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

async function diffAllRows(a: string, b: string): Promise<RowDifference[]> {
  const paths = new Set([...(await listFiles(a)), ...(await listFiles(b))].filter(isRows));
  const compared: RowDifference[] = [];
  for (const path of [...paths].sort()) {
    const [inA, inB] = [await readKeyed(a, path), await readKeyed(b, path)];
    const shared = [...inA].filter(([key]) => inB.has(key));
    const changed = shared.filter(([key, text]) => inB.get(key) !== text).length;
    const [onlyA, onlyB] = [inA.size - shared.length, inB.size - shared.length];
    if (changed + onlyA + onlyB > 0) compared.push({ path, changed, onlyA, onlyB });
  }
  return compared;
}

const isOutcomes = (path: string): boolean => /^(outcomes|answers|spread)\//.test(path);
const isRows = (path: string): boolean =>
  isOutcomes(path) || path === COST_ROWS || path === OPENING_FILES.manifest;

/** Rows by their clip, and by their place among those of the clip. */
async function readKeyed(folder: string, path: string): Promise<Map<string, string>> {
  if (!existsSync(join(folder, path))) return new Map();
  const rows = new Map<string, string>();
  for (const row of await readRows(folder, path)) {
    const clip = clipOf(row);
    let place = 0;
    while (rows.has(`${clip} ${place}`)) place += 1;
    rows.set(`${clip} ${place}`, canonicalJson(row));
  }
  return rows;
}

function clipOf(row: Json): string {
  if (typeof row !== "object" || row === null || Array.isArray(row)) return "";
  const { clip, id } = row as Readonly<Record<string, Json | undefined>>;
  return String(clip ?? id ?? "");
}

async function diffResults(a: string, b: string): Promise<Difference[]> {
  const path = RESULTS;
  const has = [a, b].map((folder) => existsSync(join(folder, path)));
  if (has.includes(false)) return has[0] === has[1] ? [] : [{ path, a: has[0], b: has[1] }];
  return findDifferences(await readJsonFile(a, path), await readJsonFile(b, path));
}
