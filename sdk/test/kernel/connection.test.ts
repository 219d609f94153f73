import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionFileError, endpoint, readConnectionFile } from "../../kernel/connection.ts";

const PORTS = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
const LOCAL = { ...PORTS, transport: "tcp", ip: "127.0.0.1", key: "k" };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "grym-connection-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(content: object): ReturnType<typeof readConnectionFile> {
  const path = join(folder, "connection.json");
  writeFileSync(path, JSON.stringify(content));
  return readConnectionFile(path);
}

describe("readConnectionFile", () => {
  it("reads ports, key and address", () => {
    const connection = read(LOCAL);
    expect(endpoint(connection, connection.heartbeatPort)).toBe("tcp://127.0.0.1:5");
    expect(connection.key).toBe("k");
  });

  it("knows the addresses of IPv6 and of Unix sockets", () => {
    expect(endpoint(read({ ...LOCAL, ip: "::1" }), 1)).toBe("tcp://[::1]:1");
    expect(endpoint(read({ ...LOCAL, transport: "ipc", ip: "/run/k" }), 1)).toBe("ipc:///run/k-1");
  });

  it("refuses to listen on a network", () => {
    for (const ip of ["0.0.0.0", "192.168.1.5", "::", "*", "example.org", ""]) {
      expect(() => read({ ...LOCAL, ip })).toThrowError(ConnectionFileError);
    }
  });

  it("refuses a file without a port, or with a signature scheme it does not know", () => {
    expect(() => read({ ...LOCAL, hb_port: "5" })).toThrowError(/hb_port is 5/);
    expect(() => read({ ...LOCAL, signature_scheme: "hmac-md5" })).toThrowError(/hmac-md5/);
  });
});
