/** Rows of a table as the scan reads them. */
export interface VectorRows {
  readonly ids: readonly string[];
  readonly stamps: Float64Array;
  /** Where the rows lie in the table; undefined for rows that were just written. */
  readonly places: BigUint64Array | undefined;
  /** [rows × dimension] */
  readonly features: Float32Array;
}

/** The table that the scan mirrors. */
export interface VectorSource {
  version(): Promise<number>;
  readStamps(): Promise<Omit<VectorRows, "features">>;
  /** @param ids all rows where undefined; those that are gone are left out */
  readVectors(ids?: readonly string[]): Promise<VectorRows>;
}
