/** The connection file with which a Jupyter front end tells a kernel where to listen. */

import { readFileSync } from "node:fs";
import { isIP } from "node:net";

/** Contents of a connection file (Jupyter protocol 5.4, "Connection files"). */
export interface Connection {
  readonly transport: "tcp" | "ipc";
  readonly ip: string;
  readonly shellPort: number;
  readonly iopubPort: number;
  readonly stdinPort: number;
  readonly controlPort: number;
  readonly heartbeatPort: number;
  /** HMAC key; messages are unsigned when it is empty. */
  readonly key: string;
}

/** The connection file is unreadable, incomplete or asks for what this kernel refuses. */
export class ConnectionFileError extends Error {
  override readonly name = "ConnectionFileError";

  constructor(path: string, reason: string) {
    super(`Connection file ${path}: ${reason}`);
  }
}

/**
 * Reads a connection file.
 *
 * @throws ConnectionFileError when a field is missing or the address is not on this machine's
 *   loopback: a kernel runs whatever it is sent, so it must not listen on a network.
 */
export function readConnectionFile(path: string): Connection {
  const raw: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof raw !== "object" || raw === null) throw new ConnectionFileError(path, "not an object");
  const fields = new Map<string, unknown>(Object.entries(raw));
  const transport = fields.get("transport") ?? "tcp";
  if (transport !== "tcp" && transport !== "ipc") {
    throw new ConnectionFileError(path, `transport ${String(transport)} is neither tcp nor ipc`);
  }
  const ip = String(fields.get("ip") ?? "");
  if (transport === "tcp" && !isLoopback(ip)) {
    throw new ConnectionFileError(path, `ip "${ip}" is not a loopback address`);
  }
  const scheme = fields.get("signature_scheme") ?? "hmac-sha256";
  if (scheme !== "hmac-sha256") {
    throw new ConnectionFileError(path, `signature scheme ${String(scheme)} is not hmac-sha256`);
  }
  const port = (name: string): number => {
    const value = fields.get(name);
    if (typeof value === "number" && Number.isInteger(value)) return value;
    throw new ConnectionFileError(path, `${name} is ${String(value)}, not a port number`);
  };
  return {
    transport,
    ip,
    shellPort: port("shell_port"),
    iopubPort: port("iopub_port"),
    stdinPort: port("stdin_port"),
    controlPort: port("control_port"),
    heartbeatPort: port("hb_port"),
    key: String(fields.get("key") ?? ""),
  };
}

/** Address to bind for one port of a connection. */
export function endpoint(connection: Connection, port: number): string {
  const separator = connection.transport === "ipc" ? "-" : ":";
  const host = isIP(connection.ip) === 6 ? `[${connection.ip}]` : connection.ip;
  return `${connection.transport}://${host}${separator}${port}`;
}

function isLoopback(ip: string): boolean {
  return ip === "localhost" || ip === "::1" || (isIP(ip) === 4 && ip.startsWith("127."));
}
