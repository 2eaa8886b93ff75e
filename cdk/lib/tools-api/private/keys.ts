import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { chain } from '../../api/resource-chain';
import type { McpThrottle } from '../../authorizer/mcp-app-client-limits';
import { assertLimits, type ServerThrottle } from '../../authorizer/private/limits';
import type { McpContract } from '../../contract/mcp-contract';
import { scopeNamesOf } from '../../contract/private/scope-names';
import { SERVER_NAME } from '../../generated/facts';
import { assertKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import type { McpToolsApiKeyOptions } from '../mcp-tools-api-options';

/** The rate limit of a key that has none of its own. */
const DEFAULT_THROTTLE: McpThrottle = { rateLimit: 10, burstLimit: 20 };

/** Refuses keys that are no callers of their own, and limits that API Gateway would refuse. */
export function assertKeys(keys: McpToolsApiKeyOptions[], contract: McpContract, api: ServerThrottle): void {
  const ids = new Set<string>();
  for (const key of keys) {
    assertKnown(key.name, 'name of a key', 'give a plain string, because construct IDs depend on it');
    if (!SERVER_NAME.test(key.name)) {
      throw synthError(
        'ToolsApiKeyNameInvalid',
        `keys has the name ${JSON.stringify(key.name)} and takes 1 to 64 letters, digits, - and _, a letter or digit first: correct it`,
      );
    }
    // Construct IDs and outputs are made of the letters and digits.
    const id = idOf(key.name);
    if (ids.has(id)) {
      throw synthError(
        'ToolsApiKeyTwice',
        `keys has ${key.name} twice, or another name with the same letters and digits: give each key a name of its own`,
      );
    }
    ids.add(id);
    scopeNamesOf(key.oauthScopes, contract.scopeNames, `oauthScopes of the key ${key.name}`);
    assertLimits({ throttle: key.throttle ?? DEFAULT_THROTTLE, quota: key.quota }, api);
  }
}

/** Defines the keys, each with a usage plan of its own. */
export function addKeys(
  scope: Construct,
  api: apigateway.RestApi,
  keys: McpToolsApiKeyOptions[],
): { [name: string]: apigateway.IApiKey } {
  const parent = new Construct(scope, 'Keys');
  return Object.fromEntries(keys.map((key) => [key.name, addKey(parent, api, key)]));
}

function addKey(parent: Construct, api: apigateway.RestApi, options: McpToolsApiKeyOptions): apigateway.IApiKey {
  const scope = new Construct(parent, idOf(options.name));
  // Without a stage: the server's function names the key, and the stage waits for the function.
  const key = new apigateway.ApiKey(scope, 'Key', {
    description: `${options.name}, a caller of ${api.restApiName}`,
    enabled: options.enabled ?? true,
  });
  const plan = new apigateway.UsagePlan(scope, 'Plan', {
    description: `Limits ${options.name}`,
    throttle: options.throttle ?? DEFAULT_THROTTLE,
    quota: options.quota,
    apiStages: [{ stage: api.deploymentStage }],
  });
  chain(plan.node.defaultChild as apigateway.CfnUsagePlan);
  // Not plan.addApiKey, whose logical ID depends on a feature flag of the app.
  new apigateway.CfnUsagePlanKey(scope, 'PlanKey', {
    keyId: key.keyId,
    keyType: 'API_KEY',
    usagePlanId: plan.usagePlanId,
  });
  return key;
}

/** The setting that tells the function which caller each key is. */
export function keysSetting(
  scope: Construct,
  keys: McpToolsApiKeyOptions[],
  apiKeys: { [name: string]: apigateway.IApiKey },
): string {
  return Stack.of(scope).toJsonString(
    keys.map(({ name, oauthScopes }) => ({
      id: apiKeys[name].keyId,
      name,
      scopes: oauthScopes.map((oauthScope) => oauthScope.scopeName),
    })),
  );
}

function idOf(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '');
}
