import type { Construct } from 'constructs';
import { McpFront } from '../mcp-front';
import type {
  McpFrontConfig,
  McpFrontListenerConfig,
  McpFrontOptions,
  McpFrontPathConfig,
  McpFrontPathOptions,
} from '../mcp-front-options';
import { assertOrigin } from './origin';
import { recordLocal } from '../../private/local-manifest';
import { type LocalMode, localMode, localOrigin } from '../../private/local-mode';

/** The front of a server or host: the given one, or on this machine the one of `mcp-lambda dev`. */
export function frontOf(scope: Construct, given?: McpFront): McpFront {
  const mode = localMode(scope);
  return mode === undefined ? (given ?? McpFront.cloudFront()) : new LocalFront(mode);
}

/** The edge of `mcp-lambda dev`: it forwards to the API stages itself, and serves the pages and keys of every user pool. */
class LocalFront extends McpFront {
  constructor(private readonly mode: LocalMode) {
    super();
    assertOrigin(mode.signInUrl, 'signInUrl of the context key mcp-lambda:local');
  }

  public bind(scope: Construct, { api, hasPage }: McpFrontOptions): McpFrontConfig {
    const origin = localOrigin(scope, this.mode);
    assertOrigin(origin, `the origin of ${scope.node.path} in the context key mcp-lambda:local`);
    recordLocal(scope, () => ({ kind: 'front', origin, api: api.restApiId, hasPage: hasPage ?? false }));
    return {
      publicBaseUrl: origin,
      publicOrigin: origin,
      publicHost: origin.slice('http://'.length),
      signInBaseUrl: this.mode.signInUrl,
      cognitoIdpUrl: this.mode.signInUrl,
    };
  }

  public override bindPath(scope: Construct, { api, host, path }: McpFrontPathOptions): McpFrontPathConfig {
    const apiPath = `${path}/mcp`;
    recordLocal(scope, () => ({ kind: 'route', front: host.node.path, path: apiPath, api: api.restApiId }));
    return { apiPath };
  }

  public override bindListener(): McpFrontListenerConfig {
    return {};
  }
}
