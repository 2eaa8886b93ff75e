import { Lazy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LOCAL, localMode } from './local-mode';

/** What `mcp-lambda dev` finds in the cloud assembly, as metadata of the type `mcp-lambda:local`. */
export type LocalEntry =
  | {
      /** A front, on the construct that it belongs to. `api` is the API of every path without a route. */
      readonly kind: 'front';
      readonly origin: string;
      readonly api: string;
      /** Whether browsers that open an MCP endpoint are redirected to the root. */
      readonly hasPage: boolean;
    }
  | {
      /** The path of one of several servers below a front, and its API. */
      readonly kind: 'route';
      /** The path of the front's construct. */
      readonly front: string;
      /** The path of the MCP endpoint. */
      readonly path: string;
      readonly api: string;
    }
  | {
      /** The path of an MCP endpoint that a load balancer has, and the task definition of what runs behind it. */
      readonly kind: 'service';
      /** The path of the front's construct. */
      readonly front: string;
      /** The path of the MCP endpoint. */
      readonly path: string;
      readonly taskDefinition: string;
    }
  | {
      /** A program of this machine, which a function or a container runs. */
      readonly kind: 'program';
      /** The name of its directory in `programs`. */
      readonly name: string;
      /** The name of a program of the npm package. */
      readonly bundled?: string;
      /** The directory of its `Cargo.toml`, its Cargo package and its binary. */
      readonly cargo?: { readonly directory: string; readonly packageName: string; readonly binaryName: string };
      readonly functionName?: string;
    }
  | {
      /** An MCP server. */
      readonly kind: 'server';
      readonly name: string;
      readonly title: string;
      readonly url: string;
      /** The names of its tools and their OAuth scopes; none for a remote server. */
      readonly tools: readonly { readonly name: string; readonly scopes: readonly string[] }[];
      /** The command or link that connects each MCP client. */
      readonly connect: { readonly [client: string]: string };
      /** The page to sign up and in. */
      readonly signInUrl?: string;
      /** The token endpoint. */
      readonly tokenUrl?: string;
      readonly oauthScopes: readonly string[];
      /** The contract file that it was defined with. */
      readonly contract?: string;
    }
  | {
      /** The tools of a server as plain REST. */
      readonly kind: 'toolsApi';
      /** The server's name. */
      readonly name: string;
      readonly url: string;
      /** The id of each API key by its name. */
      readonly apiKeys: { readonly [name: string]: string };
    }
  | {
      /** The app client of a program, on its construct below the server's. */
      readonly kind: 'machineClient';
      readonly clientId: string;
      /** Left out if it authenticates with a client assertion. */
      readonly clientSecretArn?: string;
      /** What it may ask for. */
      readonly oauthScopes: readonly string[];
    }
  | {
      /** A playground: the URL of its pages. */
      readonly kind: 'playground';
      readonly url: string;
    }
  | {
      /** A user pool that no stack of the app defines. */
      readonly kind: 'userPool';
      readonly id: string;
    };

/**
 * Records what a construct needs on this machine, in local mode only. Its CDK tokens are resolved at the end of the
 * synthesis.
 */
export function recordLocal(scope: Construct, produce: () => LocalEntry): void {
  if (localMode(scope) !== undefined) {
    scope.node.addMetadata(LOCAL, Lazy.uncachedAny({ produce }));
  }
}
