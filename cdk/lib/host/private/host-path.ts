import { AUTHORIZATION_ENDPOINTS } from '../../generated/facts';
import { assertKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** Options that a server with a host must not set. */
const OF_HOST = ['front', 'page', 'userPool', 'authorization', 'callbackPort', 'callbackUrls'] as const;

/** The options of a server that concern its host. */
type HostPathOptions = { readonly host?: object; readonly path?: string } & {
  readonly [name in (typeof OF_HOST)[number]]?: unknown;
};

/**
 * Parts of a path that are the host's own: paths of the authorization server, the health checks that API Gateway answers itself on every
 * custom domain, and the last part of every MCP endpoint.
 */
const RESERVED = [...AUTHORIZATION_ENDPOINTS.map(([path]) => path.slice(1)), 'ping', 'sping', 'mcp'];

/** Lower case, so that no two paths differ in case alone; one hyphen at a time, so that the construct IDs differ as the paths do. */
const PART = '[a-z0-9]+([-_][a-z0-9]+)*';

/** Refuses a path without a host, a host without a path, and options that the host has. */
export function assertHostPath(options: HostPathOptions): void {
  const { host, path } = options;
  if (host === undefined) {
    if (path !== undefined) {
      throw synthError(
        'PathWithoutHost',
        `path is ${JSON.stringify(path)} and only servers of one McpHost have paths: give host, or remove path`,
      );
    }
    return;
  }
  const twice = OF_HOST.find((name) => options[name] !== undefined);
  if (twice !== undefined) {
    throw synthError(
      'OptionOfHost',
      `${twice} is the host's, for all of its servers: set it on the McpHost and remove it here`,
    );
  }
  if (path === undefined) {
    throw synthError(
      'PathMissing',
      "host is given without a path, which tells its servers apart: add one, for example path: '/orders'",
    );
  }
  assertPath(path);
}

function assertPath(path: string): void {
  assertKnown(path, 'path', "give a plain string, because construct IDs and the other servers' paths depend on it");
  if (!new RegExp(`^(/${PART})+$`).test(path)) {
    throw synthError(
      'PathInvalid',
      `path is ${JSON.stringify(path)} and needs parts of lower-case letters, digits and single - or _ between them, each after a slash, for example /orders: correct it`,
    );
  }
  const parts = path.slice(1).split('/');
  const reserved = parts.find((part, index) => RESERVED.includes(part) && (index === 0 || part === 'mcp'));
  if (reserved !== undefined) {
    throw synthError(
      'PathReserved',
      `path is ${path}, and ${reserved} is a path of the host itself or of every MCP endpoint: choose another`,
    );
  }
}
