import { execFileSync } from "node:child_process";
import { findPython } from "../../bridge/find-python.ts";

const READER = `
import json, sys
from xml.etree import ElementTree
root = ElementTree.fromstring(sys.stdin.buffer.read().decode())
name = lambda e: e.tag.split("}")[-1]
elements = [{"name": name(e), "attributes": e.attrib, "text": "".join(e.itertext())} for e in root.iter()]
json.dump(elements, sys.stdout)
`;

export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  text: string;
}

/** All elements of a document, read by Python's XML parser, which refuses what is not well-formed. */
export function readXml(source: string): XmlElement[] {
  return JSON.parse(
    execFileSync(findPython(), ["-c", READER], { input: source, encoding: "utf8" }),
  );
}
