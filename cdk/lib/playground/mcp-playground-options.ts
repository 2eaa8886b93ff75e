import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { McpFront } from '../front/mcp-front';
import type { McpCode } from '../function/mcp-code';
import type { IMcpServer } from '../server/mcp-server-ref';
import type { McpBedrockModel } from './mcp-bedrock-model';

/** Properties of `McpPlayground`. */
export interface McpPlaygroundProps {
  /** The models that people choose from. The first one is chosen for a new conversation. */
  readonly models: McpBedrockModel[];

  /**
   * MCP servers that everyone finds in the list, under their titles. People sign in to each. The first server, or the
   * first of `serverUrls` without one, identifies the person to the playground.
   * @default - those of `serverUrls` only
   */
  readonly servers?: IMcpServer[];

  /**
   * MCP servers of other apps, by their names for people, after those of `servers`: https URLs, for example
   * `https://mcp.example.com/mcp`. The name of an `McpRemoteServer` goes here with its `mcpServerUrl`.
   * @default - those of `servers` only
   */
  readonly serverUrls?: { [name: string]: string };

  /**
   * Name of the playground for people, in the heading of its pages and on the consent page of each server.
   * @default 'Playground'
   */
  readonly title?: string;

  /**
   * The system prompt: what every model reads before the first question, for example what the tools are for.
   * @default - nothing
   */
  readonly systemPrompt?: string;

  /**
   * The number of turns that a person may start in a minute. A turn is a question with all replies and tool calls up to
   * the next question.
   * @default 20
   */
  readonly turnsPerMinute?: number;

  /**
   * The number of tokens that a person may use in a day (UTC), read and written. A turn that began below it ends.
   * @default 500000
   */
  readonly tokensPerDay?: number;

  /**
   * How long a conversation is kept after its last change, in whole days.
   * @default Duration.days(30)
   */
  readonly retention?: Duration;

  /**
   * The URL of the playground. `McpFront.stage()` is refused: the pages need the root of a host.
   * @default McpFront.cloudFront()
   */
  readonly front?: McpFront;

  /**
   * The web ACL of the API stage, of scope `REGIONAL`. It inspects every request, including requests that bypass the
   * front.
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;

  /**
   * Requests per second of all people together, above which API Gateway responds with 429.
   * @default 50
   */
  readonly throttlingRateLimit?: number;

  /**
   * Burst of requests of all people together, above which API Gateway responds with 429.
   * @default 100
   */
  readonly throttlingBurstLimit?: number;

  /**
   * The playground's code.
   * @default - the program that the npm package brings
   */
  readonly code?: McpCode;

  /**
   * Memory in MiB, from 128 to 10240; the share of a CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * Timeout of one request, at most 15 minutes. A turn that is longer stands still and goes on with one click.
   * @default Duration.minutes(5)
   */
  readonly timeout?: Duration;

  /**
   * The number of concurrent requests that is reserved for this function from the account's quota, and its limit. A
   * running turn is one request.
   * @default - the unreserved part of the account's quota
   */
  readonly reservedConcurrency?: number;

  /**
   * Retention of the function's log.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether requests are traced with X-Ray, by the API and by the function. Grants the function permission on all X-Ray
   * data.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * What happens to the conversations, sign-ins and logs when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
