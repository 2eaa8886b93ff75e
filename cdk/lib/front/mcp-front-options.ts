import type { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';

/** Arguments of `McpFront.bind`. */
export interface McpFrontOptions {
  /** Host name of the REST API, for example `abc123.execute-api.eu-west-1.amazonaws.com`. */
  readonly apiHost: string;

  /** Name of the API stage. */
  readonly apiStageName: string;

  /** The REST API. */
  readonly api: apigateway.RestApi;

  /**
   * Whether the root of the API is the page for people. A front may then redirect browsers there from an MCP endpoint.
   * @default false
   */
  readonly hasPage?: boolean;
}

/** The URLs that a front gives to `McpServer`. */
export interface McpFrontConfig {
  /** The public URL of the API stage, without a trailing slash. */
  readonly publicBaseUrl: string;

  /** Scheme, host and port of the public base URL, as browsers send it in `Origin`. */
  readonly publicOrigin: string;

  /** Host (and port) of the public base URL, as HTTP clients send it in `Host`. */
  readonly publicHost: string;

  /**
   * The public URL of the user pool's domain, without a trailing slash.
   * @default - the domain's own URL
   */
  readonly signInBaseUrl?: string;

  /**
   * The URL below which the user pool's keys are, as `/<pool id>/.well-known/jwks.json`.
   * @default - Cognito's own URL
   */
  readonly cognitoIdpUrl?: string;

  /**
   * The custom domain of the API.
   * @default - none
   */
  readonly customDomain?: apigateway.DomainName;
}

/** Arguments of `McpFront.bindPath`: the API of one of several servers, and its path. */
export interface McpFrontPathOptions extends McpFrontOptions {
  /** The server's path below the front, for example `/orders`: its MCP endpoint is at `/orders/mcp`. */
  readonly path: string;

  /** The construct that `bind` was given for the API at the front's root. */
  readonly host: Construct;
}

/** The path that a front gives to one of several servers. */
export interface McpFrontPathConfig {
  /** The path of the MCP endpoint in the server's API, after the front has rewritten it. */
  readonly apiPath: string;
}

/** Arguments of `McpFront.bindListener`: a load balancer that has the MCP endpoint of a server. */
export interface McpFrontListenerOptions {
  /** The listener, which forwards the path to the server. */
  readonly listener: elbv2.ApplicationListener;

  /** The path of the MCP endpoint, for example `/mcp`. */
  readonly path: string;

  /** The construct that `bind` was given for the API at the front's root. */
  readonly host: Construct;
}

/** What a front says about a load balancer behind it. */
export interface McpFrontListenerConfig {
  /**
   * The name of AWS's list of the addresses that the front connects from.
   * @default - the app says what may connect to the load balancer
   */
  readonly prefixListName?: string;
}

/** Options of `McpFront.cloudFront`. */
export interface McpCloudFrontOptions {
  /**
   * The longest pause between two parts of a response, at most 120 seconds. Longer tools must report progress.
   * @default Duration.seconds(60)
   */
  readonly readTimeout?: Duration;
}

/** Options of `McpFront.external`. */
export interface McpExternalFrontOptions {
  /**
   * The public origin of the front, for example `https://mcp.example.com`. It must forward to the API stage. In front
   * of an `McpHost` it must forward `<path>/mcp` of each server to that server's API stage, with the whole path, and
   * everything else to the host's. The MCP URL of a server with `McpCompute.fargate` goes to its load balancer instead,
   * by exactly that path.
   */
  readonly publicBaseUrl: string;

  /**
   * The origin where the front serves the user pool's domain.
   * @default - the user pool's domain is reached at its own URL
   */
  readonly signInBaseUrl?: string;

  /**
   * The origin where the front serves the user pool's keys.
   * @default - the keys are reached at Cognito's own URL
   */
  readonly cognitoIdpUrl?: string;
}

/** Options of `McpFront.customDomain`. */
export interface McpCustomDomainOptions {
  /** The host name, lower case and without a wildcard, for example `mcp.example.com`. */
  readonly domainName: string;

  /** The host name's certificate in AWS Certificate Manager, in the region of the stack. */
  readonly certificate: acm.ICertificate;

  /**
   * The Route 53 zone that gets the alias records of the host name, for IPv4 and IPv6.
   * @default - none: create a record at your DNS provider that points to `server.customDomain.domainNameAliasDomainName`
   */
  readonly hostedZone?: route53.IHostedZone;
}
