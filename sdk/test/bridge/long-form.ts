/** What a test takes in `npm test`, and what it takes in `npm run soak`, which sets GRYM_SOAK=1. */
export function longForm<Value>(short: Value, long: Value): Value {
  return process.env["GRYM_SOAK"] === "1" ? long : short;
}
