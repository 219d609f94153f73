import { DISPLAY, type MimeBundle } from "../mime.ts";
import { table } from "../table.ts";
import { isArqueroTable, isDanfoFrame, type TableRow } from "../table-source.ts";
import { isPlainObject } from "./plain-object.ts";

/** Rows that stand in the notebook: the first and last ten of a longer frame. */
const ROWS = 20;
/** Of an array, at most this many from either end are asked whether they are records. */
const LOOKED_AT = 1000;

/** Rows with named columns: of arquero, of danfo, or an array of plain objects. */
export function frameBundle(value: object): MimeBundle | Promise<MimeBundle> | undefined {
  if (!isArqueroTable(value) && !isDanfoFrame(value) && !isRecords(value)) return undefined;
  return table(value, { limit: ROWS, structure: true })[DISPLAY]();
}

function isRecords(value: object): value is readonly TableRow[] {
  if (!Array.isArray(value) || value.length === 0) return false;
  const ends =
    value.length <= 2 * LOOKED_AT
      ? value
      : [...value.slice(0, LOOKED_AT), ...value.slice(-LOOKED_AT)];
  // Records that show themselves say more than their fields.
  const areRecords = ends.every((row) => isPlainObject(row) && !(DISPLAY in row));
  return areRecords && ends.some((row) => Object.keys(row as object).length > 0);
}
