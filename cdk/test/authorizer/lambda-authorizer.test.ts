import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { CfnOutput, CfnParameter } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import {
  McpAuthorization,
  McpContract,
  McpFront,
  type McpJwtOptions,
  McpServer,
  type McpServerProps,
  McpUserPool,
} from '../../lib';
import { deployed } from '../deployed';
import { code, fixture, only, synthesize, synthesizeServer, type TemplateJson, twoScopes } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const jwt = (more: Partial<McpJwtOptions> = {}) =>
  McpAuthorization.jwt({
    code: code(),
    issuer: 'https://tenant.auth0.com/',
    jwksUrl: 'https://tenant.auth0.com/.well-known/jwks.json',
    audience: ['https://mcp.example.com/mcp'],
    ...more,
  });
const DIGEST = 'a'.repeat(64);
const bearerToken = () => McpAuthorization.bearerToken({ code: code(), tokenSha256: [DIGEST] });

const withAuthorization = (
  authorization: McpAuthorization,
  more: Partial<McpServerProps> = {},
  then?: (server: McpServer) => void,
) => synthesizeServer({ contract: twoScopes(), front: front(), authorization, ...more }, then);

/** Environment of the Lambda authorizer, by its function, and of the server. */
const environments = (template: Template) => {
  const json = template.toJSON() as TemplateJson;
  const all = Object.values(template.findResources('AWS::Lambda::Function')).map((each) =>
    deployed(json, each.Properties.Environment.Variables),
  );
  return {
    lambdaAuthorizer: all.find((each) => each.MCP_RESPONSE_MODE === undefined),
    server: all.find((each) => each.MCP_RESPONSE_MODE !== undefined),
  };
};

const methods = (template: Template) =>
  Object.values(template.findResources('AWS::ApiGateway::Method'))
    .map((each) => each.Properties)
    .filter((each) => ['POST', 'ANY'].includes(each.HttpMethod));

/** The protected resource metadata and the challenge of a 401. */
const advertised = (template: Template) => {
  const json = template.toJSON() as TemplateJson;
  const documents = Object.values(template.findResources('AWS::ApiGateway::Method'))
    .filter((each) => each.Properties.HttpMethod === 'GET')
    .map((each) => each.Properties.Integration.IntegrationResponses[0].ResponseTemplates['application/json'])
    .filter((document) => document !== undefined)
    .map((document) => JSON.parse(deployed(json, document)));
  const { properties } = only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: 'UNAUTHORIZED' });
  return {
    documents,
    challenge: deployed(json, properties.ResponseParameters['gatewayresponse.header.WWW-Authenticate']),
  };
};

for (const [name, authorization] of [
  ['jwt', jwt],
  ['bearerToken', bearerToken],
] as const) {
  describe(`McpAuthorization.${name}`, () => {
    const template = withAuthorization(authorization());

    test('defines nothing in Cognito', () => {
      const types = Object.values((template.toJSON() as TemplateJson).Resources).map((each) => each.Type);
      assert.deepEqual(
        types.filter((type) => type.startsWith('AWS::Cognito')),
        [],
      );
    });

    test('asks the Lambda authorizer before every call, remembers no answer, and needs an Authorization header', () => {
      const { logicalId, properties } = only(template, 'AWS::ApiGateway::Authorizer');
      assert.equal(properties.Type, 'REQUEST');
      assert.equal(properties.AuthorizerResultTtlInSeconds, 0);
      assert.equal(properties.IdentitySource, 'method.request.header.Authorization');
      for (const method of methods(template)) {
        assert.deepEqual(
          [method.AuthorizationType, method.AuthorizerId, method.AuthorizationScopes],
          ['CUSTOM', { Ref: logicalId }, undefined],
        );
      }
      assert.equal(methods(template).length, 2);
    });

    for (const [property, value] of Object.entries({
      callbackPort: 1,
      callbackUrls: [],
      lambdaAuthorizer: { code: code() },
    })) {
      test(`fails when ${property} is given`, () => {
        assert.throws(() => withAuthorization(authorization(), { [property]: value }), {
          message: `${property} does not apply with McpAuthorization.${name}, which defines no user pool and has its own Lambda authorizer: remove it (NotWithThisAuthorization)`,
        });
      });
    }

    test('fails when a user pool is handed over', () => {
      const define = () =>
        synthesize(
          (stack) =>
            new McpServer(stack, 'Server', {
              code: code(),
              contract: twoScopes(),
              authorization: authorization(),
              userPool: new McpUserPool(stack, 'Pool'),
            }),
        );
      assert.throws(define, {
        message: `userPool does not apply with McpAuthorization.${name}, which defines no user pool and has its own Lambda authorizer: remove it (NotWithThisAuthorization)`,
      });
    });

    for (const member of ['userPool', 'authorizationUrl', 'tokenUrl', 'signInUrl', 'interactiveClientId'] as const) {
      test(`fails when ${member} is read`, () => {
        assert.throws(() => withAuthorization(authorization(), {}, (server) => server[member]), {
          message: `${member} needs a user pool, and McpAuthorization.${name} defines none: use McpAuthorization.cognito() or server(), or do without it (NotOfThisAuthorization)`,
        });
      });
    }

    test('fails when a machine client is added', () => {
      assert.throws(() => withAuthorization(authorization(), {}, (server) => server.addMachineClient('Ci')), {
        message: `addMachineClient needs a user pool, and McpAuthorization.${name} defines none: use McpAuthorization.cognito() or server(), or do without it (NotOfThisAuthorization)`,
      });
    });
  });
}

describe('McpAuthorization.jwt', () => {
  const template = withAuthorization(jwt({ scopePrefix: 'api://notes/' }));

  test('tells the Lambda authorizer whose tokens it verifies, and for whom', () => {
    assert.deepEqual(environments(template).lambdaAuthorizer, {
      MCP_RESOURCE: 'https://mcp.example.com/mcp',
      MCP_ISSUER: 'https://tenant.auth0.com/',
      MCP_JWKS_URL: 'https://tenant.auth0.com/.well-known/jwks.json',
      AUTHORIZER_TOKENS: 'jwt',
      AUTHORIZER_AUDIENCES: 'https://mcp.example.com/mcp',
      AUTHORIZER_SCOPES: 'read,write',
      AUTHORIZER_TOOLS: JSON.stringify(toolsOf('two-scopes')),
    });
    assert.equal(environments(template).server.MCP_ISSUER, 'https://tenant.auth0.com/');
  });

  test('sends MCP clients to the provider, for OAuth scopes as it has them', () => {
    const { documents, challenge } = advertised(template);
    const document = {
      resource: 'https://mcp.example.com/mcp',
      authorization_servers: ['https://tenant.auth0.com/'],
      scopes_supported: ['api://notes/read', 'api://notes/write'],
      bearer_methods_supported: ['header'],
      resource_name: 'Notes',
    };
    assert.deepEqual(
      documents,
      [document, document],
      'at the root and with the path, and no metadata of an authorization server',
    );
    assert.equal(
      challenge,
      `'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="api://notes/read api://notes/write"'`,
    );
  });

  test('gives the command with the client id, if there is one', () => {
    withAuthorization(jwt({ clientId: 'abc' }), {}, (server) => {
      assert.equal(server.interactiveClientId, 'abc');
      assert.equal(
        server.claudeCodeCommand,
        'claude mcp add --transport http notes https://mcp.example.com/mcp --client-id abc',
      );
      assert.equal(server.authorizationServerIssuer, 'https://tenant.auth0.com/');
    });
    withAuthorization(jwt(), {}, (server) =>
      assert.equal(server.claudeCodeCommand, 'claude mcp add --transport http notes https://mcp.example.com/mcp'),
    );
  });

  test("leaves the tools to the function when they do not fit into the Lambda authorizer's environment", () => {
    withContract(200, (contract) =>
      assert.equal(environments(withAuthorization(jwt(), { contract })).lambdaAuthorizer.AUTHORIZER_TOOLS, undefined),
    );
  });

  test('fails with a scope name that the setting would split', () => {
    withContract(1, (contract) => {
      contract._document.scopes.push({ name: 'a,b', description: 'Two in one' });
      const scopes = McpContract._ofRemote('notes', 'Notes', contract._document.scopes);
      assert.throws(() => withAuthorization(jwt(), { contract: scopes }), {
        message:
          'the contract has the OAuth scope a,b, and McpAuthorization.jwt takes names without a comma: rename it in the Rust server (OAuthValueInvalid)',
      });
    });
  });

  test('does not fail for URLs that are unresolved tokens', () => {
    synthesize((stack) => {
      const issuer = new CfnParameter(stack, 'Issuer').valueAsString;
      new McpServer(stack, 'Server', {
        code: code(),
        contract: twoScopes(),
        authorization: jwt({ issuer, jwksUrl: `${issuer}/keys`, audience: [issuer] }),
      });
    });
  });

  const refusals: [options: Partial<McpJwtOptions>, message: string][] = [
    [
      { issuer: 'tenant.auth0.com' },
      'issuer is "tenant.auth0.com" and needs an https URL without a fragment: take it from the provider\'s OpenID configuration (OAuthUrlInvalid)',
    ],
    [
      { issuer: 'http://tenant.auth0.com' },
      'issuer is "http://tenant.auth0.com" and needs an https URL without a fragment: take it from the provider\'s OpenID configuration (OAuthUrlInvalid)',
    ],
    [
      { jwksUrl: 'https://a.example/keys#1' },
      'jwksUrl is "https://a.example/keys#1" and needs an https URL without a fragment: take it from the provider\'s OpenID configuration (OAuthUrlInvalid)',
    ],
    [
      { audience: [] },
      'audience is empty, and access tokens for everybody else would be accepted: name what the provider writes into aud for this server (AudienceMissing)',
    ],
    [
      { audience: ['a,b'] },
      'audience has "a,b" and takes visible ASCII without a comma, a quote or a backslash: correct or remove it (OAuthValueInvalid)',
    ],
    [
      { scopePrefix: 'a b' },
      'scopePrefix has "a b" and takes visible ASCII without a comma, a quote or a backslash: correct or remove it (OAuthValueInvalid)',
    ],
  ];
  for (const [options, message] of refusals) {
    test(`fails with ${JSON.stringify(options)}`, () => {
      assert.throws(() => jwt(options), { message });
    });
  }
});

describe('McpAuthorization.bearerToken', () => {
  const template = withAuthorization(bearerToken());

  test('tells the Lambda authorizer the digests and every OAuth scope, and no tools', () => {
    assert.deepEqual(environments(template).lambdaAuthorizer, {
      MCP_RESOURCE: 'https://mcp.example.com/mcp',
      MCP_ISSUER: 'https://mcp.example.com',
      AUTHORIZER_TOKENS: 'digest',
      AUTHORIZER_TOKEN_SHA256: DIGEST,
      AUTHORIZER_SCOPES: 'read,write',
    });
    assert.equal(environments(template).server.MCP_ISSUER, 'https://mcp.example.com');
  });

  test('sends MCP clients nowhere, and gives the command with the header', () => {
    const { documents } = advertised(template);
    assert.deepEqual(
      documents.map((each) => each.authorization_servers),
      [undefined, undefined],
    );
    withAuthorization(bearerToken(), {}, (server) =>
      assert.equal(
        server.claudeCodeCommand,
        'claude mcp add --transport http notes https://mcp.example.com/mcp --header "Authorization: Bearer $TOKEN"',
      ),
    );
  });

  for (const tokenSha256 of [[], ['secret'], ['A'.repeat(64)]]) {
    test(`fails with the digests ${JSON.stringify(tokenSha256)}`, () => {
      assert.throws(() => McpAuthorization.bearerToken({ code: code(), tokenSha256 }), {
        message:
          'tokenSha256 needs one digest at least, of 64 lower-case hexadecimal characters each: give the SHA-256 of the token, never the token (TokenNotDigest)',
      });
    });
  }
});

describe('lambdaAuthorizer', () => {
  const template = synthesizeServer(
    { contract: twoScopes(), front: front(), lambdaAuthorizer: { code: code() } },
    (server, stack) =>
      new CfnOutput(stack, 'LambdaAuthorizer', { value: server.lambdaAuthorizerFunction!.function.functionName }),
  );

  test("verifies the user pool's tokens and knows the OAuth scopes of the tools", () => {
    assert.deepEqual(environments(template).lambdaAuthorizer, {
      MCP_RESOURCE: 'https://mcp.example.com/mcp',
      MCP_ISSUER: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool',
      MCP_JWKS_URL: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool/.well-known/jwks.json',
      AUTHORIZER_TOOLS: JSON.stringify(toolsOf('two-scopes')),
    });
    assert.equal(only(template, 'AWS::ApiGateway::Authorizer').properties.Type, 'REQUEST');
    assert.equal(methods(template).length, 2);
    assert.ok(methods(template).every((method) => method.AuthorizationType === 'CUSTOM'));
  });

  test('may write its log and nothing else', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map(
      (each) => each.Properties.PolicyDocument.Statement,
    );
    assert.deepEqual(
      policies.map((statements) => statements.map((each: any) => each.Action)),
      [[['logs:CreateLogStream', 'logs:PutLogEvents']], [['logs:CreateLogStream', 'logs:PutLogEvents']]],
    );
  });

  test('knows which OAuth scopes include others', () => {
    withContract(
      1,
      (contract) =>
        assert.equal(
          environments(synthesizeServer({ contract, lambdaAuthorizer: { code: code() } })).lambdaAuthorizer
            .AUTHORIZER_SCOPE_INCLUDES,
          '{"write":["read"]}',
        ),
      { write: ['read'] },
    );
  });

  test('is absent unless it is given', () => {
    assert.equal(only(synthesizeServer(), 'AWS::ApiGateway::Authorizer').properties.Type, 'COGNITO_USER_POOLS');
    synthesizeServer({}, (server) => assert.equal(server.lambdaAuthorizerFunction, undefined));
  });

  test('fails when the tools do not fit into its environment', () => {
    withContract(200, (contract, path) => {
      const { length } = JSON.stringify(toolsOf(path));
      assert.throws(() => synthesizeServer({ contract, lambdaAuthorizer: { code: code() } }), {
        message: `lambdaAuthorizer needs the contract's tools and OAuth scopes in its environment, where they take ${length} bytes and at most 3000 fit: remove lambdaAuthorizer, the function looks at the tool anyway (LambdaAuthorizerToolsTooLarge)`,
      });
    });
  });
});

/** Tools of a contract file with the names of their OAuth scopes. */
function toolsOf(name: string): object {
  const path = name.endsWith('.json') ? name : fixture(`${name}.contract.json`);
  return Object.fromEntries(JSON.parse(readFileSync(path, 'utf8')).tools.map((tool: any) => [tool.name, tool.scopes]));
}

/** A contract with many tools, for the time of a call. */
function withContract(
  tools: number,
  use: (contract: McpContract, path: string) => void,
  includes: Record<string, string[]> = {},
): void {
  const document = JSON.parse(readFileSync(fixture('two-scopes.contract.json'), 'utf8'));
  document.tools = Array.from({ length: tools }, (_, index) => ({
    ...document.tools[0],
    name: `tool-number-${index}`,
  }));
  document.scopes = document.scopes.map((each: any) => ({ ...each, includes: includes[each.name] ?? [] }));
  const path = join(mkdtempSync(join(tmpdir(), 'contract-')), 'contract.json');
  writeFileSync(path, JSON.stringify(document));
  try {
    use(McpContract.fromFile(path), path);
  } finally {
    rmSync(dirname(path), { recursive: true });
  }
}
