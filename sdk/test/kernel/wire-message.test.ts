import { describe, expect, it } from "vitest";
import {
  decodeMessage,
  encodeMessage,
  newHeader,
  sign,
  WireMessageError,
} from "../../kernel/wire-message.ts";

const KEY = "a0436f6c-1916-498b-8eb9-e81ab9368e84";

/** Frames of a message as they arrive. */
function framesOf(key: string): Buffer[] {
  const message = {
    identities: [Buffer.from([0, 1, 255])],
    header: newHeader("execute_request", "session"),
    parentHeader: {},
    content: { code: "'é'" },
    buffers: [Buffer.from([7, 8])],
  };
  return encodeMessage(message, key).map((frame) => Buffer.from(frame));
}

describe("wire messages", () => {
  it("come back as they were sent, with identities and binary buffers", () => {
    const message = decodeMessage(framesOf(KEY), KEY);
    expect(message.identities).toEqual([Buffer.from([0, 1, 255])]);
    expect(message.header.msg_type).toBe("execute_request");
    expect(message.content).toEqual({ code: "'é'" });
    expect(message.buffers).toEqual([Buffer.from([7, 8])]);
  });

  it("are signed by HMAC-SHA256 over the four parts", () => {
    // printf '{}{}{}{}' | openssl dgst -sha256 -hmac key
    expect(sign("key", ["{}", "{}", "{}", "{}"])).toBe(
      "ca767b02c5bc061ed184a9a029e7f93a7f2f7ed4e8fe74120fc1212f0b008fa3",
    );
  });

  it("are refused when the key or any signed part differs", () => {
    expect(() => decodeMessage(framesOf("other"), KEY)).toThrowError(WireMessageError);
    expect(() => decodeMessage(framesOf(""), KEY)).toThrowError(/signature/);
    const forged = framesOf(KEY);
    forged[6] = Buffer.from('{"code":"forged"}');
    expect(() => decodeMessage(forged, KEY)).toThrowError(/signature/);
  });

  it("are unsigned when the key is empty", () => {
    expect(decodeMessage(framesOf(""), "").content).toEqual({ code: "'é'" });
  });

  it("are refused when they are no messages", () => {
    expect(() => decodeMessage([Buffer.from("x")], "")).toThrowError(/delimiter/);
    expect(() => decodeMessage(framesOf("").slice(0, 5), "")).toThrowError(/five parts/);
    const noJson = framesOf("");
    noJson[3] = Buffer.from("[1]");
    expect(() => decodeMessage(noJson, "")).toThrowError(/not an object/);
  });
});
