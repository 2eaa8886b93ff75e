import { createHash } from 'node:crypto';
import { Lazy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { SETTING } from '../../generated/facts';
import { assertEnvironmentFits } from '../../function/private/environment-size';
import type { LambdaAuthorizer } from './lambda-authorizer';
import { addLimitResponses } from '../../api/gateway-responses';
import { isKnown } from '../../private/known-value';
import { assertLimits, hasLimits, type LimitedServer } from './limits';
import type { McpAppClientLimits } from '../mcp-app-client-limits';
import { chain } from '../../api/resource-chain';
import { synthError } from '../../private/synth-error';

/** Letters and digits of an app client's id that fit into the value of an API key, which has 128, after those of the server. */
const MOST_LETTERS = 100;

/** As long as the ids that Cognito gives. */
const COGNITO_CLIENT_ID = 'x'.repeat(26);

/**
 * The throttles and quotas of single app clients: a usage plan for each, whose API key the Lambda authorizer names by
 * the `client_id` of the access token (docs/adr/0005-usage-plans.md).
 *
 * A plan for each, and not one for all with the same limits: an API key can be in one plan of a stage only, and
 * CloudFormation would add it to another before it takes it out of the first.
 */
export class AppClientLimits {
  private readonly plans?: Construct;
  private readonly sharedKey: string = '';
  private readonly clientIds: string[] = [];

  constructor(
    server: Construct,
    private readonly options: LimitedServer,
    private readonly api: apigateway.RestApi,
    private readonly lambdaAuthorizer: LambdaAuthorizer | undefined,
  ) {
    if (!hasLimits(options)) {
      return;
    }
    assertLimits(options, options);
    if (lambdaAuthorizer === undefined) {
      throw synthError(
        'LambdaAuthorizerMissing',
        `${options.throttle === undefined ? 'quota' : 'throttle'} needs the Lambda authorizer, which tells API Gateway whose request it is: add lambdaAuthorizer: {}`,
      );
    }
    this.plans = new Construct(server, 'AppClientLimits');
    // Unique in the account and region, as the value of an API key has to be; not a secret, because API Gateway takes
    // it from the Lambda authorizer only.
    this.sharedKey = `${api.restApiId}${this.plans.node.addr.slice(-12)}`;
    lambdaAuthorizer.mcpFunction.function.addEnvironment(SETTING.AUTHORIZER_USAGE_KEY, this.sharedKey);
    this.addPlan('EveryOther', this.sharedKey, {}, 'of all app clients that the server does not know');
    addLimitResponses(api);
  }

  /** The method options of the MCP endpoint. */
  public methodOptions(authorization: apigateway.MethodOptions): apigateway.MethodOptions {
    return this.plans === undefined ? authorization : { ...authorization, apiKeyRequired: true };
  }

  /** Gives an app client of this server a usage plan of its own. */
  public add(id: string, clientId: string, own: McpAppClientLimits = {}): void {
    assertLimits(own, this.options);
    if (this.plans === undefined) {
      if (hasLimits(own)) {
        throw serverLimitsMissing(id);
      }
      return;
    }
    const letters = lettersOf(clientId);
    if (this.clientIds.some((known) => known === clientId || lettersOf(known) === letters)) {
      throw synthError(
        'AppClientLimitedTwice',
        `the app client ${clientId} has limits already, or another one does whose id has the same letters and digits: limit it once`,
      );
    }
    if (this.clientIds.push(clientId) === 1) {
      this.lambdaAuthorizer!.mcpFunction.function.addEnvironment(
        SETTING.AUTHORIZER_USAGE_CLIENTS,
        Lazy.string({ produce: () => this.clientIds.join(',') }),
      );
    }
    assertEnvironmentFits(this.plans, {
      ...this.lambdaAuthorizer!.environment,
      [SETTING.AUTHORIZER_USAGE_KEY]: this.sharedKey,
      [SETTING.AUTHORIZER_USAGE_CLIENTS]: this.clientIds
        .map((known) => (isKnown(known) ? known : COGNITO_CLIENT_ID))
        .join(','),
    });
    this.addPlan(id, `${this.sharedKey}${letters}`, own, 'of one app client');
  }

  /** The same for an app client that is defined elsewhere. */
  public addForeign(clientId: string, own: McpAppClientLimits): void {
    if (!hasLimits(own)) {
      throw synthError(
        'AppClientLimitMissing',
        `limitAppClient has neither throttle nor quota for ${clientId}: give one`,
      );
    }
    if (this.plans === undefined) {
      throw serverLimitsMissing(clientId);
    }
    const letters = lettersOf(clientId);
    if (
      isKnown(clientId) &&
      (!/^[\x21-\x2b\x2d-\x7e]+$/.test(clientId) || letters === '' || letters.length > MOST_LETTERS)
    ) {
      throw synthError(
        'AppClientIdInvalid',
        `limitAppClient has the app client ${JSON.stringify(clientId)} and takes visible ASCII without a comma, with 1 to ${MOST_LETTERS} letters and digits: give the client_id of its access tokens`,
      );
    }
    // Not a name that could change: CloudFormation would define the same API key a second time before it deletes the first.
    const name = isKnown(clientId)
      ? letters
      : createHash('sha256')
          .update(JSON.stringify(Stack.of(this.api).resolve(clientId)))
          .digest('hex')
          .slice(0, 12);
    this.add(`Foreign-${name}`, clientId, own);
  }

  private addPlan(id: string, value: string, own: McpAppClientLimits, whose: string): void {
    const scope = new Construct(this.plans!, id);
    const key = new apigateway.ApiKey(scope, 'Key', {
      value,
      description: `Counts requests ${whose}; not a credential, the Lambda authorizer names it`,
    });
    const plan = new apigateway.UsagePlan(scope, 'Plan', {
      description: `Limits ${whose}`,
      throttle: own.throttle ?? this.options.throttle,
      quota: own.quota ?? this.options.quota,
      apiStages: [{ stage: this.api.deploymentStage }],
    });
    chain(plan.node.defaultChild as apigateway.CfnUsagePlan);
    // Not plan.addApiKey, whose logical ID depends on a feature flag of the app.
    new apigateway.CfnUsagePlanKey(scope, 'PlanKey', {
      keyId: key.keyId,
      keyType: 'API_KEY',
      usagePlanId: plan.usagePlanId,
    });
  }
}

function serverLimitsMissing(name: string): Error {
  return synthError(
    'ServerLimitsMissing',
    `the app client ${name} has limits of its own and the server has none for everybody else: set throttle or quota of the server too`,
  );
}

/**
 * The part of an app client's id that an API key can hold, as the Lambda authorizer computes it. Cognito's ids have no
 * other characters.
 */
function lettersOf(clientId: string): string {
  return isKnown(clientId) ? clientId.replace(/[^0-9A-Za-z]/g, '') : clientId;
}
