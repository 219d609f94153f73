import { describe, expect, it } from "vitest";
import { fromProcess, globalId, toProcess } from "../../bridge/host/routes.ts";

const sent = (line: string, client = 3): unknown => {
  const routed = toProcess(Buffer.from(line), client)?.toString();
  return routed === undefined ? undefined : (JSON.parse(routed) as unknown);
};

describe("a request on its way through a host", () => {
  it("carries its client, and an id that no other client has", () => {
    const data = { audio: "clip é \u2028.wav", id: 9 };
    expect(
      sent(JSON.stringify({ id: 7, operation: "ping", data, priority: "background" })),
    ).toEqual({
      client: 3,
      id: 3 * 2 ** 32 + 7,
      operation: "ping",
      data,
      priority: "background",
    });
  });

  it("that releases needs no id", () => {
    const data = { generations: [1, 2] };
    expect(sent(JSON.stringify({ operation: "release", data }))).toEqual({
      client: 3,
      operation: "release",
      data,
    });
  });

  it.each(["cancel", "credit"])("to %s another one means its own client's", (operation) => {
    expect(sent(JSON.stringify({ id: 8, operation, data: { id: 7, more: 1 } }))).toEqual({
      client: 3,
      id: globalId(3, 8),
      operation,
      data: { id: globalId(3, 7), more: 1 },
    });
  });

  it("does not become another client's by saying so", () => {
    expect(sent('{"id":8,"operation":"ping","data":{},"client":5}')).toMatchObject({ client: 3 });
  });

  it("leaves an id in other data alone", () => {
    const data = { id: 7 };
    expect(sent(JSON.stringify({ id: 8, operation: "probe", data }))).toMatchObject({ data });
  });

  it.each([
    "",
    "{}",
    "null",
    '{"operation":5}',
    '{"id":"text","operation":"ping"}',
    '{"id":99999999999,"operation":"ping"}',
    '{"id":4294967296,"operation":"ping"}',
    '{"id":1,"operation":"cancel","data":{"id":4294967297}}',
    '{"id":1,"operation":"ping"',
    '{"id":1,"operation":"cancel","data":{"generation":1}}',
    '{"id":1,"operation":"cancel","data":{"id":"x"}}',
    ' {"id":1,"operation":"ping"}',
  ])("that begins as no request of the SDK does is refused: %s", (line) => {
    expect(sent(line)).toBeUndefined();
  });
});

describe("an answer on its way through a host", () => {
  it.each([
    [{ id: globalId(5, 7), result: { $t: "é" } }, { id: 7, result: { $t: "é" } }, false],
    [
      { event: "progress", id: globalId(5, 7), data: { done: 1 } },
      { event: "progress", id: 7, data: { done: 1 } },
      true,
    ],
  ])("finds its client, under the id that the client knows: %j", (written, read, isProgress) => {
    const routed = fromProcess(Buffer.from(JSON.stringify(written)));
    expect(routed).toMatchObject({ client: 5, id: 7, isProgress });
    expect(JSON.parse(routed?.line.toString() ?? "")).toEqual(read);
  });

  it.each([
    "",
    "stray print",
    '{"event":"ready","data":{}}',
    '{"host":"end","id":1}',
    '{"id":"a"}',
  ])("that names no request goes to nobody: %s", (line) =>
    expect(fromProcess(Buffer.from(line))).toBeUndefined(),
  );
});
