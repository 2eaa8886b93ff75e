import { Stack, Token } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as targets from 'aws-cdk-lib/aws-route53-targets';
import type { Construct } from 'constructs';
import { isKnown } from '../../private/known-value';
import type { McpCustomDomainOptions, McpFrontPathOptions } from '../mcp-front-options';
import { synthError } from '../../private/synth-error';

/** Construct ID of the domain. */
const DOMAIN = 'Domain';

/**
 * Refuses values that API Gateway or Route 53 would refuse during a deployment. Strings that are known only at
 * deployment are not checked.
 */
export function assertCustomDomain(options: McpCustomDomainOptions): void {
  const { domainName, hostedZone } = options;
  if (!isKnown(domainName)) {
    return;
  }
  if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(domainName)) {
    throw synthError(
      'DomainNameInvalid',
      `domainName is ${JSON.stringify(domainName)} and needs a host name in lower case, without a scheme, a path or a wildcard, for example mcp.example.com`,
    );
  }
  const zoneName = hostedZone?.zoneName.replace(/\.$/, '');
  if (zoneName !== undefined && isKnown(zoneName) && domainName !== zoneName && !domainName.endsWith(`.${zoneName}`)) {
    throw synthError(
      'HostedZoneMismatch',
      `domainName is ${domainName} and the hosted zone is that of ${zoneName}: give the zone of the domain, or leave hostedZone out`,
    );
  }
}

/** Makes the API reachable under a domain name, at its root and nowhere else. */
export function addCustomDomain(
  scope: Construct,
  api: apigateway.RestApi,
  options: McpCustomDomainOptions,
): apigateway.DomainName {
  assertSameRegion(scope, options);
  const domain = new apigateway.DomainName(scope, DOMAIN, {
    domainName: options.domainName,
    certificate: options.certificate,
    endpointType: apigateway.EndpointType.REGIONAL,
    securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
  });
  closeOwnHost(api);
  new apigateway.BasePathMapping(scope, 'DomainMapping', {
    domainName: domain,
    restApi: api,
    stage: api.deploymentStage,
  });
  if (options.hostedZone !== undefined) {
    const record = {
      zone: options.hostedZone,
      // The dot at the end keeps Route 53 from appending the zone's name once more.
      recordName: `${options.domainName}.`,
      target: route53.RecordTarget.fromAlias(new targets.ApiGatewayDomain(domain)),
    };
    new route53.ARecord(scope, 'AliasRecord', record);
    new route53.AaaaRecord(scope, 'AliasRecordIpv6', record);
  }
  return domain;
}

/** Maps an API to one path of a domain. The longest matching path wins; the domain's root gets all other requests. */
export function mapPath(scope: Construct, { api, path, host }: McpFrontPathOptions): void {
  closeOwnHost(api);
  // Not BasePathMapping, which takes no path of several parts.
  new apigatewayv2.CfnApiMapping(scope, 'DomainMapping', {
    apiId: api.restApiId,
    stage: api.deploymentStage.stageName,
    domainName: (host.node.findChild(DOMAIN) as apigateway.DomainName).domainName,
    apiMappingKey: path.slice(1),
  });
}

/** Disables the API's default URL, which would have no well-known documents at its root. */
function closeOwnHost(api: apigateway.RestApi): void {
  (api.node.defaultChild as apigateway.CfnRestApi).disableExecuteApiEndpoint = true;
}

function assertSameRegion(scope: Construct, options: McpCustomDomainOptions): void {
  const region = Stack.of(scope).region;
  const arn = options.certificate.certificateArn;
  const of = Token.isUnresolved(arn) ? options.certificate.env.region : arn.split(':')[3];
  if (!Token.isUnresolved(region) && !Token.isUnresolved(of) && of !== region) {
    throw synthError(
      'CertificateInAnotherRegion',
      `certificate is in ${of} and the API in ${region}, and API Gateway takes one of its own region: request it in ${region}`,
    );
  }
}
