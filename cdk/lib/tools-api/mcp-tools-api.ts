import { Stack } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { functionIntegration } from '../api/mcp-endpoint';
import { addRestApi, API_STAGE_NAME } from '../api/rest-api';
import { addFirewall } from '../api/web-acl';
import { acknowledgeLambdaAuthorizer } from '../authorizer/private/lambda-authorizer';
import { McpFront } from '../front/mcp-front';
import { frontOf } from '../front/private/local-front';
import { assertEnvironmentFits } from '../function/private/environment-size';
import { SETTING, TOOLS_API_DOCUMENTS, TOOLS_API_PATHS } from '../generated/facts';
import { recordLocal } from '../private/local-manifest';
import { addStackOutputs, type Outputs } from '../private/outputs';
import { synthError } from '../private/synth-error';
import type { McpServer } from '../server/mcp-server';
import type { McpToolsApiProps } from './mcp-tools-api-options';
import { acknowledgeKeys, acknowledgePublicDocuments } from './private/acknowledgements';
import { addKeys, assertKeys, keysSetting } from './private/keys';
import { addProblemResponses } from './private/problem-responses';
import { accessTokenAuthorization } from './private/token-authorization';

/** The servers that have a tools API already. */
const served = new WeakSet<McpServer>();

/**
 * The tools of an MCP server as plain REST, for programs that do not speak MCP: `GET /functions`, `GET` and `POST
 * /functions/{name}`, `POST /functions/call`, `/tools/call` and `/execute`, and `GET /openapi.json` and `/docs`.
 *
 * The server's function handles the requests with the same checks of OAuth scopes and arguments, result cache, limits and
 * telemetry. Callers have an API key, which has OAuth scopes, or an access token of the server.
 *
 * It does not rotate keys, and it does not serve tools that need an MCP client: calls of those get 409.
 */
export class McpToolsApi extends Construct {
  /** The base URL of the endpoints, without a trailing slash. */
  public readonly toolsUrl: string;

  /** The API keys by their names. `aws apigateway get-api-key --include-value` shows the value of one. */
  public readonly apiKeys: { [name: string]: apigateway.IApiKey };

  /** The API in front of the server's function. */
  public readonly api: apigateway.RestApi;

  /** The domain of `McpFront.customDomain`. Undefined with every other front. */
  public readonly customDomain?: apigateway.DomainName;

  constructor(scope: Construct, id: string, props: McpToolsApiProps) {
    super(scope, id);
    const { server, keys = [] } = props;
    const { serverName } = server._contract;
    assertServer(this, server);
    assertCredentials(props);
    assertKeys(keys, server._contract, props);
    served.add(server);
    const { api, apiHost } = addRestApi(this, `${serverName}-tools`, `Tools of ${serverName} as plain REST`, props);
    this.api = api;
    const front = frontOf(this, props.front ?? McpFront.stage()).bind(this, {
      apiHost,
      apiStageName: API_STAGE_NAME,
      api,
    });
    this.customDomain = front.customDomain;
    this.toolsUrl = front.publicBaseUrl;
    this.apiKeys = addKeys(this, api, keys);
    this.configureFunction(props);

    const integration = functionIntegration(server.mcpFunction.handler, server.mcpFunction.timeout);
    const authorization: apigateway.MethodOptions = props.accessTokens
      ? accessTokenAuthorization(this, server)
      : { apiKeyRequired: true };
    const add = (path: string, options: apigateway.MethodOptions) =>
      // The function responds to every method, with 405 to those that a path does not have.
      api.root.resourceForPath(path).addMethod('ANY', integration, options);
    const tools = TOOLS_API_PATHS.map((path) => add(path, authorization));
    const documents = TOOLS_API_DOCUMENTS.map((path) => add(path, props.publicDocuments ? {} : authorization));
    if (props.publicDocuments) {
      acknowledgePublicDocuments(documents);
    }
    const guarded = props.publicDocuments ? tools : [...tools, ...documents];
    if (props.accessTokens !== true) {
      acknowledgeKeys(guarded);
    } else if (server.lambdaAuthorizerFunction !== undefined) {
      acknowledgeLambdaAuthorizer(guarded);
    }
    addProblemResponses(api);
    if (props.webAcl !== undefined) {
      addFirewall(this, api, props.webAcl);
    }
    recordLocal(this, () => ({
      kind: 'toolsApi',
      name: serverName,
      url: this.toolsUrl,
      apiKeys: Object.fromEntries(Object.entries(this.apiKeys).map(([name, key]) => [name, key.keyId])),
    }));
  }

  /**
   * Adds what programs need to the outputs of the stack: the base URL and the id of each API key, and no value of a key.
   *
   * @param prefix what every output's name begins with
   */
  public addOutputs(prefix: string = ''): void {
    const ids = Object.entries(this.apiKeys).map(([name, key]): [string, Outputs[string]] => [
      `ToolsApiKeyId${name.replace(/[^A-Za-z0-9]/g, '')}`,
      [key.keyId, `API key of ${name}: aws apigateway get-api-key --include-value --api-key ID`],
    ]);
    addStackOutputs(this, prefix, {
      ToolsApiUrl: [this.toolsUrl, 'Base URL of the tools as plain REST; /docs describes them'],
      ...Object.fromEntries(ids),
    });
  }

  private configureFunction(props: McpToolsApiProps): void {
    const { mcpFunction } = props.server;
    const settings: { [name: string]: string } = {
      [SETTING.MCP_TOOLS_URL]: this.toolsUrl,
      [SETTING.MCP_TOOLS_ACCESS_TOKENS]: String(props.accessTokens ?? false),
      ...(props.keys?.length && { [SETTING.MCP_TOOLS_KEYS]: keysSetting(this, props.keys, this.apiKeys) }),
    };
    assertEnvironmentFits(this, { ...mcpFunction._environment, ...settings });
    for (const [name, value] of Object.entries(settings)) {
      mcpFunction.function.addEnvironment(name, value);
    }
  }
}

/** Refuses a server whose function cannot serve the requests. */
function assertServer(scope: Construct, server: McpServer): void {
  const { serverName, _document } = server._contract;
  if (!_document.settings.some((setting) => setting.name === SETTING.MCP_TOOLS_URL)) {
    throw synthError(
      'ToolsApiUnsupported',
      `server is ${serverName}, whose contract has no setting ${SETTING.MCP_TOOLS_URL}: build it with the crate mcp-lambda of this release and print the contract again`,
    );
  }
  if (server.service !== undefined) {
    throw synthError(
      'ToolsApiNotOnFargate',
      `server ${server.node.path} runs with McpCompute.fargate, and the requests of an McpToolsApi go to a function: use a server with McpCompute.lambda()`,
    );
  }
  if (Stack.of(scope) !== Stack.of(server)) {
    throw synthError(
      'ToolsApiInAnotherStack',
      `server ${server.node.path} is in another stack, and its function and this API would name each other: define the McpToolsApi in the stack of the server`,
    );
  }
  if (served.has(server)) {
    throw synthError(
      'ToolsApiTwice',
      `server ${server.node.path} has an McpToolsApi already, whose URL its function knows: add the keys to that one`,
    );
  }
}

/** Refuses an API that no caller could use, and one whose callers API Gateway cannot tell apart. */
function assertCredentials({ keys = [], accessTokens = false }: McpToolsApiProps): void {
  if (keys.length === 0 && !accessTokens) {
    throw synthError(
      'ToolsApiWithoutCredentials',
      'McpToolsApi has neither keys nor accessTokens, and no caller could use it: add keys, or accessTokens: true',
    );
  }
  if (keys.length > 0 && accessTokens) {
    throw synthError(
      'ToolsApiCredentialsCombined',
      'McpToolsApi has keys and accessTokens, and API Gateway would require both of every caller: remove one of the two',
    );
  }
}
