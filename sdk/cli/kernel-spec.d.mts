// Types of kernel-spec.mjs, which is JavaScript because set-up runs it on Node 20.

export interface KernelSpec {
  argv: string[];
  display_name: string;
  language: string;
  interrupt_mode: "message";
  metadata: { "grym-synth": { root: string; version: string } };
}

export interface KernelState {
  state: "missing" | "current" | "outdated" | "other";
  folder: string;
  root: string | undefined;
  runs: boolean;
}

export interface KernelChange {
  folder: string;
  changed: boolean;
}

export const KERNEL_NAME: string;
export const DISPLAY_NAME: string;
export const ROOT: string;
export function repositoryNode(root?: string): string;
export function kernelSpec(root?: string, nodePath?: string): KernelSpec;
export function installKernel(dataFolder: string, root?: string, nodePath?: string): KernelChange;
export function uninstallKernel(dataFolder: string): KernelChange;
export function inspectKernel(dataFolder: string, root?: string, nodePath?: string): KernelState;
