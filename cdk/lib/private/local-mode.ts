import type { Construct, IConstruct } from 'constructs';
import { list, synthError } from './synth-error';

/** The prefix of the context keys that the command `mcp-lambda` writes. */
const PREFIX = 'mcp-lambda:';

/** The one context key of local mode (docs/local-mode.md). Only `mcp-lambda dev` writes it. */
export const LOCAL = `${PREFIX}local`;

/** The value of the context key: the addresses and directories of this machine. */
export interface LocalMode {
  /** The origin of each front, by the path of the construct that it belongs to: an `McpServer`, `McpRemoteServer`, `McpHost` or `McpPlayground`. */
  readonly fronts: { readonly [path: string]: string };

  /** The origins for fronts that `fronts` does not list, in the order in which the app defines them. */
  readonly newFronts: readonly string[];

  /** The origin that serves the pages, endpoints and keys of every user pool. */
  readonly signInUrl: string;

  /** The directory that holds `<program>/bootstrap`, built for this machine. It may be filled after the synthesis. */
  readonly programs: string;

  /** The origin that serves Bedrock's Converse. */
  readonly modelUrl?: string;

  /** The port that MCP clients listen on during sign-in; it replaces `callbackPort`. */
  readonly callbackPort?: number;

  /** The origins of the programs of `--with`, in their order. The constructs do not read them; an app may. */
  readonly with?: readonly string[];
}

/** The origin of a front that has no address yet: `mcp-lambda dev` assigns one and synthesizes the app again. */
const UNASSIGNED = 'http://127.0.0.1:9';

/** The origins that a synthesis assigned itself, by app. */
const assigned = new WeakMap<IConstruct, Map<string, string>>();

/** What `mcp-lambda dev` says about this machine; undefined in every other synthesis. */
export function localMode(scope: Construct): LocalMode | undefined {
  assertKnownKeys(scope);
  const value: unknown = scope.node.tryGetContext(LOCAL);
  if (value === undefined) {
    return undefined;
  }
  if (!isLocalMode(value)) {
    throw synthError(
      'LocalModeInvalid',
      `context ${LOCAL} is ${JSON.stringify(value)}, and this version of mcp-lambda-cdk reads an object with fronts, newFronts, signInUrl and programs, which \`mcp-lambda dev\` of the same release writes: remove the key from cdk.json, or install the same release of both`,
    );
  }
  return value;
}

/** The origin of a construct's front. */
export function localOrigin(scope: Construct, mode: LocalMode): string {
  const known = mode.fronts[scope.node.path];
  if (known !== undefined) {
    return known;
  }
  const ours = assigned.get(scope.node.root) ?? new Map<string, string>();
  assigned.set(scope.node.root, ours);
  const origin = ours.get(scope.node.path) ?? mode.newFronts[ours.size] ?? UNASSIGNED;
  ours.set(scope.node.path, origin);
  return origin;
}

/** The port that MCP clients listen on during sign-in: the given one, or the one of this machine. */
export function localCallbackPort(scope: Construct, given: number | undefined): number | undefined {
  return localMode(scope)?.callbackPort ?? given;
}

/** A misspelled key would be ignored silently. */
function assertKnownKeys(scope: Construct): void {
  const keys = Object.keys(scope.node.getAllContext() as object);
  const unknown = keys.find((key) => key.startsWith(PREFIX) && key !== LOCAL);
  if (unknown !== undefined) {
    throw synthError(
      'ContextKeyUnknown',
      `context has the key ${unknown}, and the keys that begin with ${PREFIX} are ${list([LOCAL])}: remove it`,
    );
  }
}

function isLocalMode(value: unknown): value is LocalMode {
  const { fronts, newFronts, signInUrl, programs } = Object(value) as Partial<LocalMode>;
  return (
    typeof fronts === 'object' &&
    Array.isArray(newFronts) &&
    typeof signInUrl === 'string' &&
    typeof programs === 'string'
  );
}
