import { Duration, Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { addRestApi, API_STAGE_NAME } from '../api/rest-api';
import { addFirewall } from '../api/web-acl';
import { frontOf } from '../front/private/local-front';
import { McpFunction } from '../function/mcp-function';
import { bundledProgram } from '../function/private/bundled-program';
import { SETTING } from '../generated/facts';
import { recordLocal } from '../private/local-manifest';
import { localMode } from '../private/local-mode';
import { addStackOutputs } from '../private/outputs';
import { synthError } from '../private/synth-error';
import type { McpBedrockModel } from './mcp-bedrock-model';
import type { McpPlaygroundProps } from './mcp-playground-options';
import { modelMetric } from './private/metrics';
import { assertPlayground, assertServers } from './private/option-checks';
import { addPageResponses, addPages } from './private/playground-api';
import { addSealingSecret, addTable, permitStore } from './private/playground-store';
import { type PlaygroundServer, serversOf } from './private/servers';

/** Default timeout: most turns take seconds, one with many calls minutes. */
const TIMEOUT = Duration.minutes(5);

/**
 * A web chat for people without an MCP client: they sign in to MCP servers with the servers' own OAuth, and a model of
 * Amazon Bedrock calls the tools for them.
 *
 * It is a function behind an API and a front of its own; nothing runs while no one talks. Conversations, and access tokens
 * in sealed form, are in a DynamoDB table. The function may use the models of `models`, the table and its sealing secret,
 * and nothing else.
 *
 * To the servers it is an MCP client like any other: each decides what a person may do. It does not run in a VPC, so it
 * reaches only servers with a public address.
 */
export class McpPlayground extends Construct implements iam.IGrantable {
  /** The URL that people open. */
  public readonly playgroundUrl: string;

  /** The models that people choose from. */
  public readonly models: McpBedrockModel[];

  /** The function. */
  public readonly mcpFunction: McpFunction;

  /** The API in front of the function. */
  public readonly api: apigateway.RestApi;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  /**
   * The table of conversations and sign-ins: on demand, with point-in-time recovery, encrypted with DynamoDB's own key.
   * Items expire by the attribute `expires`.
   */
  public readonly table: dynamodb.ITableV2;

  /** The secret that seals sign-ins and access tokens. It is not rotated automatically. */
  public readonly sealingSecret: secretsmanager.ISecret;

  /** The IAM principal to permit actions to. */
  public readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: McpPlaygroundProps) {
    super(scope, id);
    assertPlayground(props);
    const servers = serversOf(props);
    assertServers(servers, localMode(this) !== undefined);
    this.models = props.models;
    const { api, apiHost } = addRestApi(this, id, `Playground ${id}`, props);
    this.api = api;
    const front = frontOf(this, props.front).bind(this, { apiHost, apiStageName: API_STAGE_NAME, api });
    if (front.publicBaseUrl !== front.publicOrigin) {
      throw synthError(
        'PlaygroundFrontNotRoot',
        'front is McpFront.stage(), whose URL has a path, and the pages need the root of a host: use McpFront.cloudFront(), customDomain() or external()',
      );
    }
    this.customDomain = front.customDomain;
    this.playgroundUrl = front.publicOrigin;
    this.table = addTable(this, props.removalPolicy);
    this.sealingSecret = addSealingSecret(this);
    this.mcpFunction = new McpFunction(this, 'Function', {
      ...props,
      code: props.code ?? bundledProgram(this, 'playground'),
      timeout: props.timeout ?? TIMEOUT,
      environment: this.environment(props, servers),
    });
    this.grantPrincipal = this.mcpFunction.grantPrincipal;
    permitStore(this.grantPrincipal, this.table, this.sealingSecret);
    for (const model of this.models) {
      model._permit(this, this.grantPrincipal);
    }
    addPages(api, this.mcpFunction);
    addPageResponses(api);
    if (props.webAcl !== undefined) {
      addFirewall(this, api, props.webAcl);
    }
    recordLocal(this, () => ({ kind: 'playground', url: this.playgroundUrl }));
  }

  /** Tokens of a model's requests; a sum over 5 minutes unless the options say otherwise. */
  public metricInputTokens(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'InputTokens', modelId, options);
  }

  /** Tokens of a model's replies; a sum over 5 minutes unless the options say otherwise. */
  public metricOutputTokens(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'OutputTokens', modelId, options);
  }

  /**
   * The estimated cost of a model in US dollars, by the price list of the program; a sum over 5 minutes unless the options
   * say otherwise. A model that the list does not have has no cost here.
   */
  public metricCost(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'Cost', modelId, options);
  }

  /** Requests to a model that failed; a sum over 5 minutes unless the options say otherwise. */
  public metricErrors(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'ModelErrors', modelId, options);
  }

  /** Requests that Bedrock throttled; a sum over 5 minutes unless the options say otherwise. */
  public metricThrottles(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'ModelThrottles', modelId, options);
  }

  /** Milliseconds until a model's first words; p99 over 5 minutes unless the options say otherwise. */
  public metricFirstTokenLatency(modelId: string, options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return modelMetric(this.models, 'FirstTokenLatency', modelId, options);
  }

  /**
   * Adds the URL and the name of the function to the outputs of the stack.
   *
   * @param prefix what every output's name begins with
   */
  public addOutputs(prefix: string = ''): void {
    addStackOutputs(this, prefix, {
      PlaygroundUrl: [this.playgroundUrl, 'URL of the playground'],
      PlaygroundFunctionName: [this.mcpFunction.function.functionName, 'Function of the playground'],
    });
  }

  /** The settings of the playground. Those that are left out have their default in the Rust program alone. */
  private environment(props: McpPlaygroundProps, servers: PlaygroundServer[]): { [name: string]: string } {
    const stack = Stack.of(this);
    const mode = localMode(this);
    const models = this.models.map(({ modelId, displayName }) => ({ id: modelId, name: displayName }));
    const variables: { [name: string]: string | undefined } = {
      [SETTING.PLAYGROUND_ORIGIN]: this.playgroundUrl,
      [SETTING.PLAYGROUND_SERVERS]: stack.toJsonString(servers),
      [SETTING.PLAYGROUND_MODELS]: stack.toJsonString(models),
      [SETTING.PLAYGROUND_TABLE]: this.table.tableName,
      [SETTING.PLAYGROUND_SECRET_ARN]: this.sealingSecret.secretArn,
      [SETTING.PLAYGROUND_TITLE]: props.title,
      [SETTING.PLAYGROUND_SYSTEM_PROMPT]: props.systemPrompt,
      [SETTING.PLAYGROUND_TURNS_PER_MINUTE]: props.turnsPerMinute?.toString(),
      [SETTING.PLAYGROUND_TOKENS_PER_DAY]: props.tokensPerDay?.toString(),
      [SETTING.PLAYGROUND_RETENTION_DAYS]: props.retention?.toDays().toString(),
      [SETTING.ALLOW_PRIVATE_SERVERS]: mode && 'true',
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: mode?.modelUrl,
    };
    return Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }
}
