import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import {
  McpAuthorization,
  McpClientAssertion,
  McpFront,
  type McpGitHubActionsJobs,
  McpHost,
  McpMachineClient,
  McpRemoteServer,
  McpServer,
  McpUserPool,
} from '../../lib';
import { deployed } from '../deployed';
import { certificate, code, emptyApp, facts, synthesize, synthesizeServer, type TemplateJson } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const authorization = () => McpAuthorization.server({ code: code() });
const withServer = (more?: (server: McpServer) => void) =>
  synthesizeServer({ front: front(), authorization: authorization() }, more);
const jobs: McpGitHubActionsJobs = { repository: 'octo-org/octo-repo', gitRef: 'refs/heads/main' };
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = (pair = p256) => pair.publicKey.export({ format: 'jwk' });
const publicPem = (pair = p256) => pair.publicKey.export({ format: 'pem', type: 'spki' }) as string;

const json = (template: Template) => template.toJSON() as TemplateJson;
const isServer = ({ Type, Properties }: TemplateJson['Resources'][string]) =>
  Type === 'AWS::Lambda::Function' && 'AUTHORIZATION_ISSUER' in Properties!.Environment.Variables;
const environment = (template: Template): Record<string, any> =>
  Object.values(json(template).Resources).find(isServer)!.Properties!.Environment.Variables;
const machineClients = (template: Template) =>
  JSON.parse(deployed(json(template), environment(template).AUTHORIZATION_MACHINE_CLIENTS));

/** The ARNs of the secrets that a principal may read, by logical ID. */
function readable(template: Template): string[] {
  const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy: any) => policy.Properties.PolicyDocument.Statement,
  );
  return statements
    .filter(({ Action }) => [Action].flat().includes('secretsmanager:GetSecretValue'))
    .flatMap(({ Resource }) => [Resource].flat())
    .map((resource) => resource.Ref)
    .sort();
}

/** The documents that API Gateway serves below `/.well-known`, as strings. */
const documents = (template: Template): string[] =>
  Object.values(template.findResources('AWS::ApiGateway::Method'))
    .flatMap((method: any) => method.Properties.Integration?.IntegrationResponses ?? [])
    .map((response: any) => response.ResponseTemplates?.['application/json'])
    .filter((document) => document !== undefined)
    .map((document) => JSON.stringify(document))
    .filter((document) => document.includes('token_endpoint_auth_methods_supported'));

/** Expects an error whose message ends with this: the fix and the reason. */
const refused = (ending: string, define: () => unknown) =>
  assert.throws(define, (error: Error) => {
    assert.ok(error.message.endsWith(ending), error.message);
    return true;
  });

describe('a machine client with an assertion', () => {
  test('lets the authorization server read exactly the secret of its app client', () => {
    const without = withServer((server) => server.addMachineClient('Other'));
    const withOne = withServer((server) => {
      server.addMachineClient('Other');
      server.addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions(jobs) });
    });
    const added = readable(withOne).filter((id) => !readable(without).includes(id));
    const secrets = Object.keys(withOne.findResources('AWS::SecretsManager::Secret'));
    assert.deepEqual(
      added,
      secrets.filter((id) => id.startsWith('ServerCi')),
    );
    assert.equal(added.length, 1);
    assert.equal(readable(withOne).includes(secrets.find((id) => id.startsWith('ServerOther'))!), false);
  });

  test('is one of the programs in the setting, with the app client and the ARN of the secret', () => {
    const template = withServer((server) => {
      server.addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions({ ...jobs, repositoryId: '74' }) });
      server.addMachineClient('Agent', { assertion: McpClientAssertion.jwksUri('https://agents.example.com/jwks') });
    });
    const resources = json(template).Resources;
    const [ci, agent] = machineClients(template);
    assert.deepEqual(
      [ci, agent].map(({ clientId, clientSecretArn }) => [clientId, clientSecretArn].map((each) => typeof each)),
      Array(2).fill(['string', 'string']),
    );
    const { clientId: _id, clientSecretArn: _arn, ...trust } = ci;
    assert.deepEqual(trust, {
      gitHubActions: { repository: 'octo-org/octo-repo', ref: 'refs/heads/main', repositoryId: '74' },
    });
    assert.equal(agent.jwksUri, 'https://agents.example.com/jwks');
    const references = JSON.stringify(environment(template).AUTHORIZATION_MACHINE_CLIENTS);
    for (const [id, { Type }] of Object.entries(resources)) {
      const isOfProgram = /^Server(Ci|Agent)/.test(id) && /UserPoolClient|Secret$/.test(Type);
      assert.equal(references.includes(`"Ref":"${id}"`), isOfProgram, id);
    }
  });

  test('is offered by the metadata at every path, and changes nothing for other deployments', () => {
    const offers = (template: Template) =>
      documents(template).map((document) => document.includes('private_key_jwt') && document.includes('ES256'));
    const plain = withServer((server) => server.addMachineClient('Ci'));
    assert.deepEqual([...new Set(offers(plain))], [false]);
    assert.equal(JSON.stringify(plain.toJSON()).includes('AUTHORIZATION_MACHINE_CLIENTS'), false);
    const asserted = offers(
      withServer((server) => server.addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions(jobs) })),
    );
    assert.deepEqual([asserted.length, [...new Set(asserted)]], [5, [true]]);
  });

  test('has public keys alone in the setting, without certificates', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const template = withServer((server) => {
      const jwks = { keys: [{ ...publicJwk(), kid: 'a', use: 'sig', x5c: ['certificate'] }] };
      server.addMachineClient('Jwks', { assertion: McpClientAssertion.jwks(jwks) });
      server.addMachineClient('Pem', { assertion: McpClientAssertion.publicKeys([publicPem(), publicPem(rsa)]) });
    });
    const [jwks, pem] = machineClients(template);
    assert.deepEqual(jwks.keys, [{ ...publicJwk(), kid: 'a' }]);
    assert.deepEqual(pem.keys, [publicJwk(), publicJwk(rsa)]);
  });

  test('has a secret that no program is permitted to read, and that the outputs do not name', () => {
    withServer((server) => {
      const client = server.addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions(jobs) });
      const role = new iam.Role(server, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
      refused('which needs none: remove it, or the assertion (SecretOfAssertion)', () =>
        client.grants.readSecret(role),
      );
      server.addOutputs({ machineClient: client });
      const outputs = Stack.of(server)
        .node.findAll()
        .map((node) => node.node.id);
      assert.equal(outputs.includes('AutomatedOAuthClientId'), true);
      assert.equal(outputs.includes('AutomatedOAuthClientSecretArn'), false);
    });
  });

  test('works with McpRemoteServer, and takes CDK tokens for what is compared', () => {
    const template = synthesize((stack) => {
      const repository = new CfnParameter(stack, 'Repository').valueAsString;
      new McpRemoteServer(stack, 'Remote', {
        endpointUrl: 'https://tools.example.com/mcp',
        serverName: 'tools',
        scopes: [{ name: 'use', description: 'Use it' }],
        front: front(),
        authorization: authorization(),
      }).addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions({ ...jobs, repository }) });
    });
    assert.ok(JSON.stringify(environment(template).AUTHORIZATION_MACHINE_CLIENTS).includes('"Ref":"Repository"'));
  });

  test('of a hosted server is known to the authorization server of the host, also from another stack', () => {
    const app = emptyApp();
    const shared = new Stack(app, 'Shared');
    const host = new McpHost(shared, 'Host', {
      front: McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() }),
      authorization: authorization(),
    });
    const define = (stack: Stack, path: string) =>
      new McpServer(stack, 'Server', { code: code(), contract: facts(), host, path }).addMachineClient('Ci', {
        assertion: McpClientAssertion.gitHubActions(jobs),
      });
    const client = define(new Stack(app, 'Orders'), '/orders');
    assert.equal(Stack.of(client), shared);
    const template = Template.fromStack(shared);
    assert.equal(JSON.stringify(environment(template)).includes('octo-org/octo-repo'), true);
    assert.equal(
      documents(template).every((document) => document.includes('private_key_jwt')),
      true,
    );
  });
});

describe('an assertion is refused at synth', () => {
  const add = (assertion: () => McpClientAssertion) => () =>
    withServer((server) => server.addMachineClient('Ci', { assertion: assertion() }));

  test('where no authorization server would verify it', () => {
    const assertion = McpClientAssertion.gitHubActions(jobs);
    refused('there is none: use that authorization, or leave assertion out (AssertionWithoutServer)', () =>
      synthesizeServer({}, (server) => server.addMachineClient('Ci', { assertion })),
    );
    refused(
      'whose authorization server another app defines: define the machine client there (AssertionWithoutServer)',
      () =>
        synthesize((stack) =>
          McpServer.fromMcpServerAttributes(stack, 'Imported', {
            mcpServerUrl: 'https://mcp.example.com/mcp',
            contract: facts(),
            userPool: new McpUserPool(stack, 'People'),
          }).addMachineClient('Ci', { assertion }),
        ),
    );
  });

  test('if its keys are not public keys for signatures', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const privateJwk = p256.privateKey.export({ format: 'jwk' });
    const privatePem = p256.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    for (const keys of [
      {},
      { keys: [] },
      { keys: 'text' },
      { keys: ['text'] },
      { keys: [privateJwk] },
      { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] },
      { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
      { keys: [publicJwk(pair)] },
      { keys: [publicJwk(secp256k1)] },
      { keys: [{ ...publicJwk(), use: 'enc' }] },
      { keys: [{ ...publicJwk(), key_ops: ['sign'] }] },
      { keys: [{ ...publicJwk(), alg: 'HS256' }] },
      { keys: [{ ...publicJwk(), alg: 'RS256' }] },
    ]) {
      refused(
        '(AssertionKeyInvalid)',
        add(() => McpClientAssertion.jwks(keys)),
      );
    }
    for (const pems of [[], ['text'], [privatePem], [publicPem(pair)]]) {
      refused(
        '(AssertionKeyInvalid)',
        add(() => McpClientAssertion.publicKeys(pems)),
      );
    }
  });

  test('if its keys are not at a public https URL', () => {
    for (const uri of [
      'http://keys.example.com/jwks',
      'https://127.0.0.1/jwks',
      'https://localhost/jwks',
      'https://keys.internal/jwks',
      'https://keys.example.com:8443/jwks',
      'https://keys.example.com/jwks?x',
      'https://keys.example.com/',
    ]) {
      refused(
        '(AssertionUrlInvalid)',
        add(() => McpClientAssertion.jwksUri(uri)),
      );
    }
    refused(
      'and takes the https URL of iss, with a public host name and without a port, query or slash at its end: correct it (AssertionUrlInvalid)',
      add(() => McpClientAssertion.gitHubActions({ ...jobs, issuer: 'https://github.example.com/' })),
    );
  });

  test('if the jobs of GitHub Actions are not limited to one repository and a branch, tag or environment', () => {
    for (const more of [
      { repository: 'octo-org/*' },
      { repository: 'octo-org' },
      { repository: '*' },
      { repository: '' },
      { gitRef: 'main' },
      { gitRef: 'refs/heads/*' },
      { gitRef: 'refs/pull/1/merge' },
      { environment: '*' },
      { environment: '' },
      { workflowRef: 'octo-org/octo-repo/.github/workflows/*' },
      { subject: 'repo:octo-org/octo-repo:*' },
    ]) {
      refused(
        '(GitHubJobsInvalid)',
        add(() => McpClientAssertion.gitHubActions({ ...jobs, ...more })),
      );
    }
    refused(
      'have neither gitRef nor environment, and everyone who can push a branch could use the client: set one of them (GitHubJobsUnlimited)',
      add(() => McpClientAssertion.gitHubActions({ repository: 'octo-org/octo-repo' })),
    );
  });

  test('with a message that shows the value and says the fix', () => {
    for (const [assertion, message] of [
      [
        () => McpClientAssertion.jwks({ keys: [{ ...publicJwk(), alg: 'HS256' }] }),
        'key 1 of jwks has the alg "HS256": its kind takes ES256 (AssertionKeyInvalid)',
      ],
      [
        () => McpClientAssertion.jwksUri('http://keys.example.com/jwks'),
        'jwksUri is "http://keys.example.com/jwks" and takes an https URL with a public host name, a path, and no port, user name, query or fragment: correct it (AssertionUrlInvalid)',
      ],
      [
        () => McpClientAssertion.gitHubActions({ ...jobs, repository: 'octo-org/*' }),
        'repository is "octo-org/*" and takes one repository with its owner, such as octo-org/octo-repo, without a wildcard: correct it (GitHubJobsInvalid)',
      ],
    ] as const) {
      assert.throws(assertion, { message });
    }
  });

  test('if the keys do not fit into the environment of the function', () => {
    refused('(EnvironmentTooLarge)', () =>
      withServer((server) => {
        const keys = Array.from({ length: 30 }, () => publicJwk());
        server.addMachineClient('Ci', { assertion: McpClientAssertion.jwks({ keys }) });
      }),
    );
  });
});

test('a machine client without an assertion keeps its permission for programs', () => {
  synthesize((stack) => {
    const client = new McpMachineClient(stack, 'Client', {
      userPool: new McpUserPool(stack, 'People'),
      oauthScopes: [],
    });
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    client.grants.readSecret(role).assertSuccess();
  });
});
