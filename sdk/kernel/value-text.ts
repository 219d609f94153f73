/** Values as V8's inspector describes them, in one line, without running any code of theirs. */

import type { Runtime } from "node:inspector";

/** Characters of a value's text; a long string or source is cut. */
const LIMIT = 2000;

/** `16000`, `"text"`, `Map(2) { "a" => 1, … }`, `Model { name: "x" }` */
export function describeValue(value: Runtime.RemoteObject): string {
  const text = value.preview === undefined ? primitiveText(value) : previewText(value.preview);
  return text.length > LIMIT ? `${text.slice(0, LIMIT)} …` : text;
}

function primitiveText(value: Runtime.RemoteObject): string {
  if (value.type === "string") return JSON.stringify(value.value);
  return value.unserializableValue ?? value.description ?? String(value.value);
}

function previewText(preview: Runtime.ObjectPreview): string {
  const isList = preview.subtype === "array" || preview.subtype === "typedarray";
  const parts = isList
    ? preview.properties.map(fieldText)
    : preview.properties.map((field) => `${field.name}: ${fieldText(field)}`);
  for (const { key, value } of preview.entries ?? []) {
    parts.push(key === undefined ? entryText(value) : `${entryText(key)} => ${entryText(value)}`);
  }
  if (preview.overflow) parts.push("…");
  const name = preview.description ?? "Object";
  // Functions, dates and errors say all of themselves in their description.
  if (parts.length === 0 || (preview.subtype === "error" && name.includes("\n"))) return name;
  const body = isList ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  return name === "Object" ? body : `${name} ${body}`;
}

function fieldText({ type, value, subtype }: Runtime.PropertyPreview): string {
  if (type === "string") return JSON.stringify(value ?? "");
  if (type === "function") return "function";
  if (type === "accessor") return "(getter)";
  return value ?? subtype ?? type;
}

function entryText(entry: Runtime.ObjectPreview): string {
  return entry.type === "string" ? JSON.stringify(entry.description ?? "") : previewText(entry);
}
