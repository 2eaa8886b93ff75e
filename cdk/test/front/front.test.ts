import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { CfnOutput, CfnParameter, Duration } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { McpAuthorization, McpFront, McpHost, McpPage, McpRemoteServer, McpServer } from '../../lib';
import { deployed } from '../deployed';
import {
  certificate,
  code,
  cognito,
  facts,
  only,
  synthesize,
  synthesizeServer,
  type TemplateJson,
  twoScopes,
} from '../synthesis';

const STAGE_URL = 'https://api123.execute-api.eu-west-1.amazonaws.com/prod';
const SIGN_IN_URL = 'https://mcp-6f8b1c9e-1111-4222-8333-444455556666-5d2b14.auth.eu-west-1.amazoncognito.com';
const COGNITO_KEYS = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool/.well-known/jwks.json';

/** The fronts, and what a deployment behind each is reached at. */
const fronts = [
  {
    name: 'cloudFront',
    front: () => McpFront.cloudFront(),
    base: 'https://d111.cloudfront.net',
    signIn: SIGN_IN_URL,
    keys: COGNITO_KEYS,
  },
  { name: 'stage', front: () => McpFront.stage(), base: STAGE_URL, signIn: SIGN_IN_URL, keys: COGNITO_KEYS },
  {
    name: 'external',
    front: () =>
      McpFront.external({
        publicBaseUrl: 'https://mcp.example.com',
        signInBaseUrl: 'https://login.example.com',
        cognitoIdpUrl: 'https://keys.example.com',
      }),
    base: 'https://mcp.example.com',
    signIn: 'https://login.example.com',
    keys: 'https://keys.example.com/eu-west-1_Pool/.well-known/jwks.json',
  },
  {
    name: 'customDomain',
    front: () => McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() }),
    base: 'https://mcp.example.com',
    signIn: SIGN_IN_URL,
    keys: COGNITO_KEYS,
  },
];

/** The CloudFront Function of a template, run as CloudFront runs it. */
function browserRedirect(template: Template): { handler(event: object): any } {
  const { FunctionCode: source } = only(template, 'AWS::CloudFront::Function').properties;
  // As JSON: objects of the other context have other prototypes.
  const handler = runInNewContext(`${source}; handler`) as (event: object) => object;
  return { handler: (event) => JSON.parse(JSON.stringify(handler(event))) };
}

/** The static documents of an API by path, as a client would receive them. */
function documents(template: TemplateJson): Record<string, { json: unknown; headers: Record<string, string> }> {
  const found: Record<string, { json: unknown; headers: Record<string, string> }> = {};
  for (const { Type: type, Properties: method } of Object.values(template.Resources)) {
    const [response] = method?.Integration?.IntegrationResponses ?? [];
    const isDocument = response?.ResponseTemplates?.['application/json'] !== undefined;
    if (type === 'AWS::ApiGateway::Method' && method!.HttpMethod === 'GET' && isDocument) {
      found[pathOf(template, method!.ResourceId)] = {
        json: JSON.parse(deployed(template, response.ResponseTemplates['application/json'])),
        headers: response.ResponseParameters,
      };
    }
  }
  return found;
}

function pathOf(template: TemplateJson, reference: any): string {
  const properties = template.Resources[reference.Ref]?.Properties;
  return properties === undefined ? '' : `${pathOf(template, properties.ParentId)}/${properties.PathPart}`;
}

for (const { name, front, base, signIn, keys } of fronts) {
  describe(`front ${name}`, () => {
    const template = synthesizeServer({ front: front() }, (server, stack) => {
      for (const attribute of [
        'mcpServerUrl',
        'resourceMetadataUrl',
        'authorizationServerIssuer',
        'authorizationUrl',
        'tokenUrl',
        'signInUrl',
        'claudeCodeCommand',
      ] as const) {
        new CfnOutput(stack, attribute, { value: server[attribute] });
      }
    });
    const json = template.toJSON() as TemplateJson;

    test('serves exactly the documents that MCP clients look for', () => {
      const protectedResource = {
        resource: `${base}/mcp`,
        authorization_servers: [base],
        scopes_supported: [`${base}/mcp/dog-facts`],
        bearer_methods_supported: ['header'],
        resource_name: 'Dog facts',
      };
      const authorizationServer = {
        issuer: base,
        authorization_endpoint: `${signIn}/oauth2/authorize`,
        token_endpoint: `${signIn}/oauth2/token`,
        revocation_endpoint: `${signIn}/oauth2/revoke`,
        jwks_uri: keys,
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
        scopes_supported: [`${base}/mcp/dog-facts`],
      };
      const openid = {
        ...authorizationServer,
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      };
      const headers = {
        'method.response.header.Cache-Control': "'public, max-age=300'",
        'method.response.header.Access-Control-Allow-Origin': "'*'",
      };
      assert.deepEqual(documents(json), {
        '/.well-known/oauth-protected-resource': { json: protectedResource, headers },
        '/.well-known/oauth-protected-resource/mcp': { json: protectedResource, headers },
        '/.well-known/oauth-authorization-server': { json: authorizationServer, headers },
        '/.well-known/oauth-authorization-server/mcp': { json: authorizationServer, headers },
        '/.well-known/openid-configuration': { json: openid, headers },
        '/.well-known/openid-configuration/mcp': { json: openid, headers },
        '/mcp/.well-known/openid-configuration': { json: openid, headers },
      });
    });

    test('names one URL everywhere', () => {
      const outputs = Object.fromEntries(
        Object.entries(json.Outputs!).map(([id, output]) => [id, deployed(json, output.Value)]),
      );
      assert.deepEqual(outputs, {
        mcpServerUrl: `${base}/mcp`,
        resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
        authorizationServerIssuer: base,
        authorizationUrl: `${signIn}/oauth2/authorize`,
        tokenUrl: `${signIn}/oauth2/token`,
        signInUrl: `${signIn}/login?client_id=interactiveclientid&response_type=code&scope=${base}/mcp/dog-facts&redirect_uri=http://localhost:8765/callback`,
        claudeCodeCommand: `claude mcp add --transport http dog-facts ${base}/mcp --client-id interactiveclientid --callback-port 8765`,
      });
      assert.equal(
        deployed(json, only(template, 'AWS::Cognito::UserPoolResourceServer').properties.Identifier),
        `${base}/mcp`,
      );
    });

    test('tells the function its addresses, the issuer and both hosts', () => {
      const { properties } = only(template, 'AWS::Lambda::Function');
      const hosts =
        name === 'stage'
          ? ['api123.execute-api.eu-west-1.amazonaws.com']
          : [new URL(base).host, 'api123.execute-api.eu-west-1.amazonaws.com'];
      assert.deepEqual(deployed(json, properties.Environment.Variables), {
        MCP_RESOURCE: `${base}/mcp`,
        MCP_RESOURCE_METADATA_URL: `${base}/.well-known/oauth-protected-resource/mcp`,
        MCP_ISSUER: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool',
        MCP_ALLOWED_HOSTS: hosts.join(','),
        MCP_ALLOWED_ORIGINS: new URL(base).origin,
        MCP_RESPONSE_MODE: 'stream',
      });
    });

    test('lets pages of further origins call the server', () => {
      const more = synthesizeServer({ front: front(), allowedOrigins: ['http://localhost:6274'] });
      const variables = deployed(
        more.toJSON() as TemplateJson,
        only(more, 'AWS::Lambda::Function').properties.Environment.Variables,
      );
      assert.equal(variables.MCP_ALLOWED_ORIGINS, `${new URL(base).origin},http://localhost:6274`);
    });

    test('synthesizes the same template again', () => {
      assert.deepEqual(synthesizeServer({ front: front() }).toJSON().Resources, json.Resources);
    });
  });
}

describe('McpFront.cloudFront', () => {
  const config = () => only(synthesizeServer(), 'AWS::CloudFront::Distribution').properties.DistributionConfig;

  test('passes every request but the documents on, uncached and uncompressed, over https', () => {
    const { DefaultCacheBehavior: behavior } = config();
    assert.deepEqual(behavior.AllowedMethods, ['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'POST', 'DELETE']);
    assert.equal(behavior.CachePolicyId, '4135ea2d-6df8-44a3-9df3-4b5a84be39ad', 'Managed-CachingDisabled');
    assert.equal(
      behavior.OriginRequestPolicyId,
      'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      'Managed-AllViewerExceptHostHeader',
    );
    assert.equal(behavior.Compress, false);
    assert.equal(behavior.ViewerProtocolPolicy, 'https-only');
  });

  test('caches the documents by path, without cookies, queries or headers', () => {
    const { CacheBehaviors: behaviors } = config();
    assert.deepEqual(
      behaviors.map((each: any) => each.PathPattern),
      ['/.well-known/*'],
    );
    assert.equal(behaviors[0].CachePolicyId, '658327ea-f89d-4fab-a63d-7e88639e58f6', 'Managed-CachingOptimized');
    assert.equal(behaviors[0].OriginRequestPolicyId, undefined);
    assert.equal(behaviors[0].ViewerProtocolPolicy, 'https-only');
  });

  test('reaches the API stage over TLS 1.2 and waits 60 seconds for a piece of an answer', () => {
    const { Origins: origins, HttpVersion: httpVersion } = config();
    assert.equal(httpVersion, 'http2and3');
    assert.equal(origins.length, 1);
    assert.equal(origins[0].OriginPath, '/prod');
    assert.deepEqual(origins[0].CustomOriginConfig, {
      OriginProtocolPolicy: 'https-only',
      OriginReadTimeout: 60,
      OriginSSLProtocols: ['TLSv1.2'],
    });
  });

  test('caches no error, on any distribution', () => {
    const host = synthesize((stack) => {
      const shared = new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() });
      new McpServer(stack, 'Server', { code: code(), contract: facts(), host: shared, path: '/facts' });
    });
    const remote = synthesize((stack) => {
      new McpRemoteServer(stack, 'Remote', {
        endpointUrl: 'https://gateway.example.com/mcp',
        serverName: 'remote',
        scopes: [{ name: 'use', description: 'Use it' }],
        authorization: McpAuthorization.cognito(),
      });
    });
    for (const { CustomErrorResponses: responses } of [
      config(),
      ...[host, remote].map((each) => only(each, 'AWS::CloudFront::Distribution').properties.DistributionConfig),
    ]) {
      assert.deepEqual(
        responses,
        [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504].map((status) => ({
          ErrorCode: status,
          ErrorCachingMinTTL: 0,
        })),
      );
    }
  });

  test('redirects a browser from an MCP endpoint to the page for people, and nothing else', () => {
    const { handler } = browserRedirect(synthesizeServer());
    const cases = JSON.parse(readFileSync(join(__dirname, '../../../lambda/contract/browser-cases.json'), 'utf8'));
    assert.ok(cases.length > 0);
    for (const { method, path: uri, accept, token, page } of cases) {
      const headers = {
        ...(accept === null ? {} : { accept: { value: accept } }),
        ...(token ? { authorization: { value: 'Bearer x' } } : {}),
      };
      const request = { method, uri, headers };
      const redirect = {
        statusCode: 303,
        statusDescription: 'See Other',
        headers: { location: { value: '/' }, 'cache-control': { value: 'no-store' }, vary: { value: 'Accept' } },
      };
      assert.deepEqual(handler({ request }), page ? redirect : request, `${method} ${uri} ${accept}`);
    }
  });

  test('redirects browsers on the path of every server of a host, and nowhere without the page', () => {
    const hosted = (page?: McpPage) =>
      synthesize((stack) => {
        const host = new McpHost(stack, 'Host', { page });
        new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
        new McpServer(stack, 'More', { code: code(), contract: twoScopes(), host, path: '/more' });
      });
    const associations = (template: Template) => {
      const { DefaultCacheBehavior, CacheBehaviors } = only(template, 'AWS::CloudFront::Distribution').properties
        .DistributionConfig;
      return [DefaultCacheBehavior, ...CacheBehaviors].map(
        ({ PathPattern, FunctionAssociations }: any) =>
          [PathPattern, FunctionAssociations?.map(({ EventType }: any) => EventType)] as const,
      );
    };
    assert.deepEqual(associations(hosted()), [
      [undefined, ['viewer-request']],
      ['/.well-known/*', undefined],
      ['/facts/mcp', ['viewer-request']],
      ['/more/mcp', ['viewer-request']],
    ]);
    const without = hosted(McpPage.none());
    assert.ok(associations(without).every(([, association]) => association === undefined));
    without.resourceCountIs('AWS::CloudFront::Function', 0);
    synthesizeServer({ page: McpPage.none() }).resourceCountIs('AWS::CloudFront::Function', 0);
  });

  test('waits as long as readTimeout says', () => {
    synthesizeServer({ front: McpFront.cloudFront({ readTimeout: Duration.seconds(120) }) }).hasResourceProperties(
      'AWS::CloudFront::Distribution',
      {
        DistributionConfig: Match.objectLike({
          Origins: [Match.objectLike({ CustomOriginConfig: Match.objectLike({ OriginReadTimeout: 120 }) })],
        }),
      },
    );
  });

  test('fails when readTimeout is longer than CloudFront waits', () => {
    assert.throws(() => McpFront.cloudFront({ readTimeout: Duration.seconds(121) }), {
      message:
        'readTimeout is 121 seconds and CloudFront waits for at most 120: give a shorter readTimeout, or use McpFront.stage() (ReadTimeoutTooLong)',
    });
  });
});

describe('McpFront.stage', () => {
  test('defines no distribution', () => {
    synthesizeServer({ front: McpFront.stage() }).resourceCountIs('AWS::CloudFront::Distribution', 0);
  });
});

describe('McpFront.external', () => {
  test('takes http on a loopback address, with its port', () => {
    const template = synthesizeServer({ front: McpFront.external({ publicBaseUrl: 'http://127.0.0.1:3030' }) });
    const variables = deployed(
      template.toJSON() as TemplateJson,
      only(template, 'AWS::Lambda::Function').properties.Environment.Variables,
    );
    assert.equal(variables.MCP_ALLOWED_HOSTS, '127.0.0.1:3030,api123.execute-api.eu-west-1.amazonaws.com');
    assert.equal(variables.MCP_ALLOWED_ORIGINS, 'http://127.0.0.1:3030');
  });

  test('does not fail for a URL that is an unresolved token', () => {
    const template = synthesize((stack) => {
      const url = new CfnParameter(stack, 'Url').valueAsString;
      new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        authorization: cognito(),
        front: McpFront.external({ publicBaseUrl: url }),
      });
    });
    const { MCP_ALLOWED_ORIGINS: origins, MCP_ALLOWED_HOSTS: hosts } = only(template, 'AWS::Lambda::Function')
      .properties.Environment.Variables;
    assert.deepEqual(origins, { Ref: 'Url' });
    assert.deepEqual(hosts['Fn::Join'][1][0], { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'Url' }] }] });
  });

  test('shows the user pool at its own URLs unless told otherwise', () => {
    const json = synthesizeServer({
      front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
    }).toJSON() as TemplateJson;
    const document = documents(json)['/.well-known/oauth-authorization-server'].json as Record<string, string>;
    assert.equal(document.token_endpoint, `${SIGN_IN_URL}/oauth2/token`);
    assert.equal(document.jwks_uri, COGNITO_KEYS);
  });

  for (const [property, value] of [
    ['publicBaseUrl', 'https://mcp.example.com/'],
    ['publicBaseUrl', 'https://mcp.example.com/base'],
    ['publicBaseUrl', 'mcp.example.com'],
    ['publicBaseUrl', 'ftp://mcp.example.com'],
    ['signInBaseUrl', 'https://LOGIN.example.com'],
    ['cognitoIdpUrl', 'https://keys.example.com:443'],
  ]) {
    test(`fails when ${property} is ${value}`, () => {
      assert.throws(() => McpFront.external({ publicBaseUrl: 'https://mcp.example.com', [property]: value }), {
        message: `${property} is "${value}" and needs an origin without a path or a trailing slash, for example https://mcp.example.com (FrontUrlNotOrigin)`,
      });
    });
  }

  test('fails when the front is reached by http from elsewhere', () => {
    assert.throws(() => McpFront.external({ publicBaseUrl: 'http://mcp.example.com' }), {
      message:
        'publicBaseUrl is "http://mcp.example.com", and access tokens would travel unencrypted: use https (http is for loopback addresses only) (FrontUrlNotHttps)',
    });
  });
});

describe('allowedOrigins', () => {
  for (const value of ['*', 'http://localhost:6274/', 'localhost:6274', 'https://a.example/app']) {
    test(`fails when it contains ${value}`, () => {
      assert.throws(() => synthesizeServer({ allowedOrigins: [value] }), {
        message: `allowedOrigins has "${value}" and takes origins as browsers send them, for example http://localhost:6274: correct or remove it (AllowedOriginInvalid)`,
      });
    });
  }
});

describe('dependency cycles', () => {
  // Template.fromStack, which every test here uses, looks for them: no front has one. This test shows that it finds them.
  test('appear when a URL is taken from the API stage', () => {
    const fromStage = () =>
      synthesizeServer({ front: McpFront.stage() }, (server) =>
        server.mcpFunction.function.addEnvironment('STAGE_URL', server.api.url),
      );
    assert.throws(
      fromStage,
      /Template is undeployable, these resources have a dependency cycle: .*ServerFunction.* -> .*ServerApiDeploymentStageprod/,
    );
  });
});
