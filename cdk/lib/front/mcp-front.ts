import { Duration, Fn, Stack } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import { Construct } from 'constructs';
import { addCustomDomain, assertCustomDomain, mapPath } from './private/custom-domain';
import { assertKnown } from '../private/known-value';
import { assertOrigin } from '../private/urls';
import { synthError } from '../private/synth-error';
import type { McpFrontOptions, McpFrontConfig, McpFrontPathOptions, McpFrontPathConfig, McpCloudFrontOptions, McpExternalFrontOptions, McpCustomDomainOptions } from './mcp-front-options';

/** The longest silence between two pieces of an answer that CloudFront's default quota allows. */
const LONGEST_READ_TIMEOUT = Duration.seconds(120);

/** Construct ID of the distribution. */
const DISTRIBUTION = 'Distribution';

/** The statuses that CloudFront caches by itself or lets an origin have cached, of those that it takes settings for. */
const ERROR_STATUSES = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/**
 * No error is cached. CloudFront keeps some for 10 seconds, against `no-store` too, by host and path alone: a caller would get what
 * was answered to another. The TTL is said explicitly, because CloudFormation takes 300 seconds for one that is left out.
 */
const ERRORS_NOT_CACHED: cloudfront.ErrorResponse[] = ERROR_STATUSES.map((httpStatus) => ({ httpStatus, ttl: Duration.seconds(0) }));

/** How CloudFront passes requests on: every one, at once and whole. */
const PASSED_ON: cloudfront.AddBehaviorOptions = {
  allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
  viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
  cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
  originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  // Compression would hold back the pieces of a streamed answer.
  compress: false,
};

/** Under which URL the API stage is reached. Exactly one URL is advertised to MCP clients. */
export abstract class McpFront {
  /**
   * A CloudFront distribution, so that the well-known documents are at the root of a host: every MCP client finds them,
   * and no domain is needed. TLS 1.2 is enforced towards the API; towards viewers only a domain of one's own can.
   */
  public static cloudFront(options: McpCloudFrontOptions = {}): McpFront {
    return new CloudFrontFront(options);
  }

  /**
   * A host name of one's own on the API itself: the well-known documents are at its root, TLS 1.2 is the least, answers
   * may be silent for 5 minutes, and the URL survives a replacement of the API. The API's own host name is closed.
   *
   * It does not ask for the certificate, and it puts no cache in front.
   */
  public static customDomain(options: McpCustomDomainOptions): McpFront {
    return new CustomDomainFront(options);
  }

  /**
   * The API stage itself, `https://<api>.execute-api.<region>.amazonaws.com/<stage>`: nothing in front, and no
   * well-known documents at the root. MCP clients must follow `resource_metadata` of the challenge.
   */
  public static stage(): McpFront {
    return new StageFront();
  }

  /** A front that exists already, for example a CDN of one's own. */
  public static external(options: McpExternalFrontOptions): McpFront {
    return new ExternalFront(options);
  }

  /**
   * Called by `McpServer` and `McpHost`.
   *
   * The base URL must not come from the API stage's URL: the stage depends on everything that the base URL is written into.
   */
  public abstract bind(scope: Construct, options: McpFrontOptions): McpFrontConfig;

  /**
   * Called for each server of an `McpHost`: leads requests of its path to its API. A front of your own that several servers share overrides it.
   *
   * Everything else goes to the API that `bind` was given, the protected resource metadata of every server among it. Nothing of the host's
   * stack may refer to the server's API if they can be in two stacks: the server's stack depends on the host's.
   */
  public bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    throw synthError('FrontNotShared', `front of the McpHost shows one API and has no place for ${scope.node.path} at ${options.path}: use McpFront.cloudFront(), customDomain() or external()`);
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
      throw synthError('ReadTimeoutTooLong', `readTimeout is ${readTimeout.toSeconds()} seconds and CloudFront waits for at most ${LONGEST_READ_TIMEOUT.toSeconds()}: give a shorter readTimeout, or use McpFront.stage()`);
    }
  }

  public bind(scope: Construct, options: McpFrontOptions): McpFrontConfig {
    const origin = this.origin(options);
    const distribution = new cloudfront.Distribution(scope, DISTRIBUTION, {
      comment: 'MCP server',
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      errorResponses: ERRORS_NOT_CACHED,
      defaultBehavior: { origin, ...PASSED_ON },
      additionalBehaviors: {
        // Cached by path alone for as long as the documents say; cookies, queries and headers do not reach the API.
        '/.well-known/*': {
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
      throw synthError('HostInAnotherStack', `the host of ${options.path} is in another stack, and with McpFront.cloudFront() each would name the other, the distribution the server's API and the server its own URL: put both into one stack, or use McpFront.customDomain()`);
    }
    // The whole path and no wildcard: no server's path can be part of another's. CloudFront passes it on as it is.
    const apiPath = `${options.path}/mcp`;
    distribution.addBehavior(apiPath, this.origin(options), PASSED_ON);
    return { apiPath };
  }

  /** Not RestApiOrigin: it refers to the API stage, which depends on documents that name the distribution. */
  private origin(options: McpFrontOptions): cloudfront.IOrigin {
    return new origins.HttpOrigin(options.apiHost, {
      originPath: `/${options.apiStageName}`,
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
      readTimeout: this.options.readTimeout ?? Duration.seconds(60),
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
    // The text and not the construct's attribute: the API's documents name it, and the domain comes after the API stage.
    const publicHost = this.options.domainName;
    return { publicBaseUrl: `https://${publicHost}`, publicOrigin: `https://${publicHost}`, publicHost, customDomain };
  }

  public override bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    mapPath(scope, options);
    // API Gateway removes what it maps by before it looks for the API's path.
    return { apiPath: '/mcp' };
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
}
