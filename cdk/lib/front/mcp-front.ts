import { Duration, Fn, Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Construct } from 'constructs';
import { MCP_PATH, WELL_KNOWN_PATH } from '../generated/facts';
import { addBrowserRedirect, browserRedirectOf } from './private/browser-redirect';
import { addCustomDomain, assertCustomDomain, mapPath } from './private/custom-domain';
import { assertKnown } from '../private/known-value';
import { listenerOrigin, ORIGIN_FACING } from './private/listener-origin';
import { assertOrigin } from './private/origin';
import { synthError } from '../private/synth-error';
import type {
  McpFrontOptions,
  McpFrontConfig,
  McpFrontPathOptions,
  McpFrontPathConfig,
  McpFrontListenerOptions,
  McpFrontListenerConfig,
  McpCloudFrontOptions,
  McpExternalFrontOptions,
  McpCustomDomainOptions,
} from './mcp-front-options';

/** The longest pause between two parts of a response that CloudFront's default quota allows. */
const LONGEST_READ_TIMEOUT = Duration.seconds(120);

/** Construct ID of the distribution. */
const DISTRIBUTION = 'Distribution';

/** The statuses that CloudFront caches by itself or lets an origin have cached, of those that it takes settings for. */
const ERROR_STATUSES = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/**
 * No error is cached. CloudFront caches some for 10 seconds even with `no-store`, by host and path alone, so one caller
 * would get the response to another. The TTL is set explicitly, because CloudFormation defaults to 300 seconds.
 */
const ERRORS_NOT_CACHED: cloudfront.ErrorResponse[] = ERROR_STATUSES.map((httpStatus) => ({
  httpStatus,
  ttl: Duration.seconds(0),
}));

/** How CloudFront forwards requests: without caching or compression, and unchanged except for `Host`. */
const PASSED_ON: cloudfront.AddBehaviorOptions = {
  allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
  viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
  cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
  originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  // Compression would delay the parts of a streamed response.
  compress: false,
};

/** The public URL of the API stage. MCP clients see exactly one URL. */
export abstract class McpFront {
  /**
   * A CloudFront distribution, which serves the well-known documents at the root of a host, where every MCP client
   * finds them, without a domain. A browser that opens an MCP URL is redirected to the page for people, by a CloudFront
   * Function that sees every request to the API. It requires TLS 1.2 towards the API; towards viewers, TLS 1.2 can be required only
   * with a custom domain.
   */
  public static cloudFront(options: McpCloudFrontOptions = {}): McpFront {
    return new CloudFrontFront(options);
  }

  /**
   * A custom domain of the API itself: the well-known documents are at its root, TLS 1.2 is the minimum, responses may
   * pause for 5 minutes, and the URL survives a replacement of the API. The API's default host name is disabled.
   *
   * It does not request the certificate, and it has no cache.
   */
  public static customDomain(options: McpCustomDomainOptions): McpFront {
    return new CustomDomainFront(options);
  }

  /**
   * The API stage itself, `https://<api>.execute-api.<region>.amazonaws.com/<stage>`: without a front, and without
   * well-known documents at the root. MCP clients must follow `resource_metadata` of the challenge.
   */
  public static stage(): McpFront {
    return new StageFront();
  }

  /** An existing front, for example your own CDN. */
  public static external(options: McpExternalFrontOptions): McpFront {
    return new ExternalFront(options);
  }

  /**
   * Called by `McpServer`, `McpHost` and `McpPlayground`.
   *
   * The base URL must not be derived from the API stage's URL: the stage depends on every resource that contains the
   * base URL.
   */
  public abstract bind(scope: Construct, options: McpFrontOptions): McpFrontConfig;

  /**
   * Called for each server of an `McpHost`: routes requests for its path to its API. Override it in a custom front that
   * several servers share.
   *
   * All other requests go to the API that was passed to `bind`, including those for the protected resource metadata of
   * every server. No resource of the host's stack may refer to the server's API if they can be in two stacks: the
   * server's stack depends on the host's.
   */
  public bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    throw synthError(
      'FrontNotShared',
      `front of the McpHost shows one API and has no place for ${scope.node.path} at ${options.path}: use McpFront.cloudFront(), customDomain() or external()`,
    );
  }

  /**
   * Called for each server with `McpCompute.fargate`: routes requests for the path of its MCP endpoint to its load balancer.
   * Override it in a custom front for such servers.
   */
  public bindListener(scope: Construct, options: McpFrontListenerOptions): McpFrontListenerConfig {
    throw synthError(
      'FrontNotForFargate',
      `front of ${options.host.node.path} shows an API alone, and the MCP endpoint of ${scope.node.path} is at a load balancer (McpCompute.fargate): use McpFront.cloudFront() or external()`,
    );
  }
}

class CloudFrontFront extends McpFront {
  constructor(private readonly options: McpCloudFrontOptions) {
    super();
    const readTimeout = options.readTimeout;
    if (readTimeout !== undefined) {
      assertKnown(readTimeout, 'readTimeout', 'give a Duration of a plain number');
    }
    if (readTimeout !== undefined && readTimeout.toSeconds() > LONGEST_READ_TIMEOUT.toSeconds()) {
      throw synthError(
        'ReadTimeoutTooLong',
        `readTimeout is ${readTimeout.toSeconds()} seconds and CloudFront waits for at most ${LONGEST_READ_TIMEOUT.toSeconds()}: give a shorter readTimeout, or use McpFront.stage()`,
      );
    }
  }

  public bind(scope: Construct, options: McpFrontOptions): McpFrontConfig {
    const origin = this.origin(options);
    const distribution = new cloudfront.Distribution(scope, DISTRIBUTION, {
      comment: 'MCP server',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      errorResponses: ERRORS_NOT_CACHED,
      defaultBehavior: {
        origin,
        ...PASSED_ON,
        functionAssociations: options.hasPage ? addBrowserRedirect(scope) : undefined,
      },
      additionalBehaviors: {
        // Cached by path alone, as long as the documents' headers allow; cookies, queries and headers do not reach the
        // API.
        [`${WELL_KNOWN_PATH}/*`]: {
          origin,
          allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
          viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
          cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        },
      },
    });
    const publicHost = distribution.distributionDomainName;
    return { publicBaseUrl: `https://${publicHost}`, publicOrigin: `https://${publicHost}`, publicHost };
  }

  public override bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    const distribution = options.host.node.findChild(DISTRIBUTION) as cloudfront.Distribution;
    if (Stack.of(scope) !== Stack.of(distribution)) {
      throw synthError(
        'HostInAnotherStack',
        `the host of ${options.path} is in another stack, and with McpFront.cloudFront() each would name the other, the distribution the server's API and the server its own URL: put both into one stack, or use McpFront.customDomain()`,
      );
    }
    // The whole path without a wildcard: no server's path can be part of another's. CloudFront does not rewrite it.
    const apiPath = `${options.path}/mcp`;
    distribution.addBehavior(apiPath, this.origin(options), {
      ...PASSED_ON,
      functionAssociations: browserRedirectOf(options.host),
    });
    return { apiPath };
  }

  public override bindListener(scope: Construct, options: McpFrontListenerOptions): McpFrontListenerConfig {
    const distribution = options.host.node.findChild(DISTRIBUTION) as cloudfront.Distribution;
    if (Stack.of(scope) !== Stack.of(distribution)) {
      throw synthError(
        'HostInAnotherStack',
        `the host of ${options.path} is in another stack, and with McpFront.cloudFront() each would name the other, the distribution the server's load balancer and the server its own URL: put both into one stack, or use McpFront.external()`,
      );
    }
    distribution.addBehavior(options.path, listenerOrigin(options, this.readTimeout), {
      ...PASSED_ON,
      functionAssociations: browserRedirectOf(options.host),
    });
    return { prefixListName: ORIGIN_FACING };
  }

  private get readTimeout(): Duration {
    return this.options.readTimeout ?? Duration.seconds(60);
  }

  /** Not RestApiOrigin: it refers to the API stage, which depends on documents that name the distribution. */
  private origin(options: McpFrontOptions): cloudfront.IOrigin {
    return new origins.HttpOrigin(options.apiHost, {
      originPath: `/${options.apiStageName}`,
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
      readTimeout: this.readTimeout,
    });
  }
}

class CustomDomainFront extends McpFront {
  constructor(private readonly options: McpCustomDomainOptions) {
    super();
    assertCustomDomain(options);
  }

  public bind(scope: Construct, options: McpFrontOptions): McpFrontConfig {
    const customDomain = addCustomDomain(scope, options.api, this.options);
    // The string and not the construct's attribute: the API's documents contain it, and the domain depends on the API
    // stage.
    const publicHost = this.options.domainName;
    return { publicBaseUrl: `https://${publicHost}`, publicOrigin: `https://${publicHost}`, publicHost, customDomain };
  }

  public override bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    mapPath(scope, options);
    // API Gateway removes the mapping's path before it looks up the API's path.
    return { apiPath: MCP_PATH };
  }
}

class StageFront extends McpFront {
  public bind(_scope: Construct, options: McpFrontOptions): McpFrontConfig {
    const publicOrigin = `https://${options.apiHost}`;
    return { publicBaseUrl: `${publicOrigin}/${options.apiStageName}`, publicOrigin, publicHost: options.apiHost };
  }
}

class ExternalFront extends McpFront {
  constructor(private readonly options: McpExternalFrontOptions) {
    super();
    for (const name of ['publicBaseUrl', 'signInBaseUrl', 'cognitoIdpUrl'] as const) {
      const value = options[name];
      if (value !== undefined) {
        assertOrigin(value, name);
      }
    }
  }

  public bind(): McpFrontConfig {
    const publicOrigin = this.options.publicBaseUrl;
    // Splitting works whether or not the URL is known at synth.
    return { ...this.options, publicOrigin, publicHost: Fn.select(2, Fn.split('/', publicOrigin)) };
  }

  public override bindPath(_scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    return { apiPath: `${options.path}/mcp` };
  }

  public override bindListener(): McpFrontListenerConfig {
    return {};
  }
}
