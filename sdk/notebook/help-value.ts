import { printed } from "../display/values/printed.ts";
import type { HelpMember, HelpPage } from "./help-page.ts";

/** A longer one is a program, not a signature. */
const LONGEST = 300;
const MOST_MEMBERS = 60;

/** What a value tells of itself. */
export function describeValue(value: unknown): HelpPage {
  if (typeof value === "function") {
    const members = isClass(value) ? membersOf(value.prototype) : ownMembers(value);
    return { signature: headOf(value), docs: "", members };
  }
  if (typeof value !== "object" || value === null) {
    return { signature: `${printed(value)}: ${typeof value}`, docs: "", members: [] };
  }
  const kind = classNameOf(value);
  const own = ownMembers(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  return {
    signature: kind,
    docs: "",
    members: [...own, ...membersOf(prototype)].slice(0, MOST_MEMBERS),
  };
}

function isClass(value: object): value is { prototype: object } {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/** The text of a function up to its body. */
function headOf(value: object): string {
  const text = Function.prototype.toString.call(value);
  const arrow = /^[^{]*?=>/.exec(text)?.[0];
  const head = arrow ?? text.slice(0, text.indexOf("{") + 1 || text.length).replace(/\{$/, "");
  return head.trim().slice(0, LONGEST);
}

function classNameOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return "an object without a prototype";
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" ? maker.name : "an object";
}

/** Methods and getters of a class and those above it. */
function membersOf(prototype: unknown): HelpMember[] {
  const members: HelpMember[] = [];
  let level = prototype;
  while (typeof level === "object" && level !== null && Object.getPrototypeOf(level) !== null) {
    members.push(...ownMembers(level).filter(({ signature }) => signature !== "constructor()"));
    level = Object.getPrototypeOf(level);
  }
  return members.slice(0, MOST_MEMBERS);
}

function ownMembers(value: object): HelpMember[] {
  const described = Object.entries(Object.getOwnPropertyDescriptors(value));
  return described
    .filter(
      ([name]) => typeof value !== "function" || !["length", "name", "prototype"].includes(name),
    )
    .slice(0, MOST_MEMBERS)
    .map(([name, descriptor]) => ({ signature: memberSignature(name, descriptor), summary: "" }));
}

function memberSignature(name: string, { value, get }: PropertyDescriptor): string {
  if (get !== undefined) return `get ${name}`;
  if (typeof value === "function") {
    return name === "constructor" ? "constructor()" : `${name}${parametersOf(value)}`;
  }
  const kind = typeof value === "object" && value !== null ? classNameOf(value) : typeof value;
  return `${name}: ${kind}`;
}

/** The parameters as they are written, where they are short. */
function parametersOf(value: object): string {
  const [found] = /\([^(){}]*\)/.exec(headOf(value)) ?? ["(…)"];
  return found;
}
