import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, Stack } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Template } from 'aws-cdk-lib/assertions';
import { type McpCustomDomainOptions, McpFront, McpServer } from '../../lib';
import {
  certificate,
  code,
  cognito,
  emptyApp,
  facts,
  only,
  synthesize,
  synthesizeServer,
  type TemplateJson,
} from '../synthesis';

const domainName = 'mcp.example.com';
const zone = (zoneName: string) =>
  route53.HostedZone.fromHostedZoneAttributes(new Stack(), 'Zone', { hostedZoneId: 'Z123', zoneName });
const withDomain = (more: Partial<McpCustomDomainOptions> = {}) =>
  synthesizeServer({ front: McpFront.customDomain({ domainName, certificate: certificate(), ...more }) });

describe('McpFront.customDomain', () => {
  const template = withDomain();
  const domain = only(template, 'AWS::ApiGateway::DomainName');

  test('is a regional domain with TLS 1.2 at least, and no distribution', () => {
    assert.equal(domain.properties.DomainName, domainName);
    assert.deepEqual(domain.properties.EndpointConfiguration, { Types: ['REGIONAL'] });
    assert.equal(domain.properties.SecurityPolicy, 'TLS_1_2');
    assert.deepEqual(domain.properties.RegionalCertificateArn, { 'Fn::ImportValue': 'Certificate' });
    template.resourceCountIs('AWS::CloudFront::Distribution', 0);
  });

  test('shows the API stage at the root', () => {
    const { properties } = only(template, 'AWS::ApiGateway::BasePathMapping');
    assert.deepEqual(properties, {
      DomainName: { Ref: domain.logicalId },
      RestApiId: { Ref: only(template, 'AWS::ApiGateway::RestApi').logicalId },
      Stage: { Ref: only(template, 'AWS::ApiGateway::Stage').logicalId },
    });
  });

  test("closes the API's own host name, which every other front needs", () => {
    assert.equal(only(template, 'AWS::ApiGateway::RestApi').properties.DisableExecuteApiEndpoint, true);
    assert.equal(only(synthesizeServer(), 'AWS::ApiGateway::RestApi').properties.DisableExecuteApiEndpoint, undefined);
  });

  test('makes alias records for IPv4 and IPv6 in the zone that is given', () => {
    const records = withDomain({ hostedZone: zone('example.com') });
    for (const type of ['A', 'AAAA']) {
      const { properties } = only(records, 'AWS::Route53::RecordSet', { Type: type });
      const { logicalId } = only(records, 'AWS::ApiGateway::DomainName');
      assert.equal(properties.Name, 'mcp.example.com.');
      assert.equal(properties.HostedZoneId, 'Z123');
      assert.deepEqual(properties.AliasTarget, {
        DNSName: { 'Fn::GetAtt': [logicalId, 'RegionalDomainName'] },
        HostedZoneId: { 'Fn::GetAtt': [logicalId, 'RegionalHostedZoneId'] },
      });
    }
    records.resourceCountIs('AWS::Route53::RecordSet', 2);
  });

  test('tells the target of a record that somebody else makes', () => {
    synthesizeServer({ front: McpFront.customDomain({ domainName, certificate: certificate() }) }, (server, stack) => {
      assert.deepEqual(Stack.of(stack).resolve(server.customDomain!.domainNameAliasDomainName), {
        'Fn::GetAtt': [domain.logicalId, 'RegionalDomainName'],
      });
    });
    synthesizeServer({}, (server) => assert.equal(server.customDomain, undefined));
  });

  test('does not fail for a domain name that is an unresolved token', () => {
    const parameters = synthesize((stack) => {
      const name = new CfnParameter(stack, 'Name').valueAsString;
      new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        authorization: cognito(),
        front: McpFront.customDomain({ domainName: name, certificate: certificate(), hostedZone: zone('example.com') }),
      });
    });
    assert.deepEqual(only(parameters, 'AWS::ApiGateway::DomainName').properties.DomainName, { Ref: 'Name' });
    assert.deepEqual(
      (parameters.toJSON() as TemplateJson).Resources[only(parameters, 'AWS::Lambda::Function').logicalId].Properties!
        .Environment.Variables.MCP_ALLOWED_ORIGINS,
      {
        'Fn::Join': ['', ['https://', { Ref: 'Name' }]],
      },
    );
  });

  for (const value of [
    'https://mcp.example.com',
    'mcp.example.com/mcp',
    'MCP.example.com',
    '*.example.com',
    'mcp',
    'mcp.example.com.',
    '-mcp.example.com',
  ]) {
    test(`fails when domainName is ${value}`, () => {
      assert.throws(() => withDomain({ domainName: value }), {
        message: `domainName is "${value}" and needs a host name in lower case, without a scheme, a path or a wildcard, for example mcp.example.com (DomainNameInvalid)`,
      });
    });
  }

  for (const name of ['example.org', 'ample.com', 'a.mcp.example.com']) {
    test(`fails when the zone is that of ${name}`, () => {
      assert.throws(() => withDomain({ hostedZone: zone(name) }), {
        message: `domainName is mcp.example.com and the hosted zone is that of ${name}: give the zone of the domain, or leave hostedZone out (HostedZoneMismatch)`,
      });
    });
  }

  test('takes the zone of the domain itself', () => {
    withDomain({ hostedZone: zone('mcp.example.com') }).resourceCountIs('AWS::Route53::RecordSet', 2);
  });

  const inIreland = (region: string) => {
    const stack = new Stack(emptyApp(), 'Test', { env: { account: '111122223333', region: 'eu-west-1' } });
    new McpServer(stack, 'Server', {
      code: code(),
      contract: facts(),
      front: McpFront.customDomain({ domainName, certificate: certificate(region) }),
    });
    return Template.fromStack(stack);
  };

  test('fails when the certificate is in another region', () => {
    inIreland('eu-west-1');
    assert.throws(() => inIreland('us-east-1'), {
      message:
        'certificate is in us-east-1 and the API in eu-west-1, and API Gateway takes one of its own region: request it in eu-west-1 (CertificateInAnotherRegion)',
    });
  });
});
