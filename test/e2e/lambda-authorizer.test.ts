/**
 * The Lambda authorizer on the local stack: the example app with `lambdaAuthorizer`, and the counter, which has a tool for each of two OAuth scopes, with
 * limits of single app clients, with another provider's access tokens, and with tokens agreed on beforehand.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { clients } from './clients/all.ts';
import { Provider } from './lambda-authorizer-provider.ts';
import { reserveOrigin } from './reserved-origin.ts';
import { cognitoDomain, machineClientSecret, machineToken, runningStack, type Stack } from './stack.ts';
import {
  tokenForAnotherResource,
  tokenOfAnotherPool,
  tokenOfAnUnknownAppClient,
  tokensOfAnApiSignIn,
} from './tokens.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const example = runningStack();
const front = await reserveOrigin();
after(() => front.release());
const newest = '2026-07-28';
const older = '2025-11-25';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly text: string;
  readonly json: {
    readonly error?: unknown;
    readonly result?: {
      readonly isError?: boolean;
      readonly tools?: readonly { readonly name: string }[];
      readonly structuredContent?: { readonly count?: number };
    };
  };
}

/** Where an MCP endpoint is: the example's at the edge, the others' at their gateway, as a front would ask it. */
interface Endpoint {
  readonly url: string;
  readonly host?: string;
}

/** Sends one message as a client of the revision does. */
function send(
  endpoint: Endpoint,
  token: string | undefined,
  revision: string,
  method: string,
  params: object = {},
  more: Record<string, string> = {},
  httpMethod = 'POST',
): Promise<Answer> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method,
    params: revision === newest ? { ...params, _meta: meta } : params,
  });
  const name = (params as { name?: string }).name;
  const mirrored =
    revision === newest ? { 'mcp-method': method, ...(name === undefined ? {} : { 'mcp-name': name }) } : {};
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': revision,
    ...(endpoint.host === undefined ? {} : { host: endpoint.host }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...mirrored,
    ...more,
  };
  return new Promise((resolve, reject) => {
    request(endpoint.url, { method: httpMethod, headers }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => {
          // A streamed answer is one event of a JSON-RPC message.
          const json = text.replace(/^(?:.*\n)*?data: /, '');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Answer['headers'],
            text,
            json: json.startsWith('{') ? (JSON.parse(json) as Answer['json']) : {},
          });
        });
    })
      .on('error', reject)
      .end(httpMethod === 'GET' ? undefined : body);
  });
}

const list = (endpoint: Endpoint, token: string | undefined, more: Record<string, string> = {}): Promise<Answer> =>
  send(endpoint, token, newest, 'tools/list', {}, more);
const call = (
  endpoint: Endpoint,
  token: string | undefined,
  tool: string,
  revision = newest,
  more: Record<string, string> = {},
): Promise<Answer> => send(endpoint, token, revision, 'tools/call', { name: tool, arguments: {} }, more);

/** The answer of an endpoint that asks for credentials, for whatever reason. */
function isUnauthorized(answer: Answer, metadataUrl: string, oauthScopes: string): void {
  assert.equal(answer.status, 401, answer.text);
  assert.equal(answer.headers['www-authenticate'], `Bearer resource_metadata="${metadataUrl}", scope="${oauthScopes}"`);
  assert.equal(answer.json.error, 'invalid_token');
}

/** The answer of the Lambda authorizer to a token that lacks an OAuth scope: the challenge arrives under its own name. */
function lacksScope(answer: Answer, metadataUrl: string, oauthScopes: string): void {
  assert.equal(answer.status, 403, answer.text);
  assert.equal(
    answer.headers['www-authenticate'],
    `Bearer error="insufficient_scope", scope="${oauthScopes}", resource_metadata="${metadataUrl}"`,
  );
  assert.equal(answer.headers['x-amzn-remapped-www-authenticate'], undefined);
  assert.equal(answer.json.error, 'insufficient_scope');
}

describe('the example server behind the Lambda authorizer', () => {
  const endpoint = { url: example.McpServerUrl };
  let good: string;
  before(async () => {
    good = await machineToken(example);
  });
  const challenged = (answer: Answer): void => isUnauthorized(answer, example.OAuthMetadataUrl, example.McpOAuthScope);

  test('lists its tools and runs them, in every revision', async () => {
    for (const revision of [newest, older]) {
      const listed = await send(endpoint, good, revision, 'tools/list');
      assert.deepEqual(
        listed.json.result?.tools?.map(({ name }) => name),
        ['getDogFacts'],
        listed.text,
      );
      const called = await call(endpoint, good, 'getDogFacts', revision);
      assert.ok(called.json.result !== undefined && called.json.result.isError !== true, called.text);
    }
  });

  for (const client of clients.filter(
    ({ identities, revisions }) => identities.includes('program') && revisions.includes(newest),
  )) {
    test(`serves ${client.name}`, async () => {
      const identity = {
        kind: 'program',
        clientId: example.AutomatedOAuthClientId,
        clientSecret: await machineClientSecret(example),
        scope: example.McpOAuthScope,
        issuer: example.McpOAuthIssuer,
      } as const;
      const outcome = await client.run(
        { url: endpoint.url, revision: newest, identity, callbackPort: 0, limit: 1 },
        { visit: () => Promise.reject(new Error('a program has no browser')), progressed: () => {} },
      );
      assert.equal(outcome.facts.length, 1);
    });
  }

  test('asks for credentials where there are none, and where there are bad ones', async () => {
    challenged(await list(endpoint, undefined));
    challenged(await list(endpoint, 'garbage'));
    challenged(await list(endpoint, undefined, { authorization: `Basic ${good}` }));
    challenged(await send(endpoint, undefined, newest, '', {}, {}, 'GET'));
    const [head = '', body = '', signature = ''] = good.split('.');
    challenged(await list(endpoint, `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`));
    challenged(await list(endpoint, await tokenOfAnotherPool(example)));
    challenged(await list(endpoint, (await tokensOfAnApiSignIn(example)).idToken));
  });

  test('answers a token of none of its OAuth scopes with 403 and the challenge', async () => {
    for (const token of [await tokenForAnotherResource(example), (await tokensOfAnApiSignIn(example)).accessToken]) {
      lacksScope(await list(endpoint, token), example.OAuthMetadataUrl, example.McpOAuthScope);
      lacksScope(await send(endpoint, token, older, 'tools/list'), example.OAuthMetadataUrl, example.McpOAuthScope);
    }
  });

  test('answers every other method 405 after the Lambda authorizer', async () => {
    const answer = await send(endpoint, good, newest, '', {}, {}, 'GET');
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST']);
  });
});

describe('the counter', () => {
  const work = mkdtempSync(join(tmpdir(), 'lambda-authorizer-'));
  const agreed = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const metadataUrl = `${front.origin}/.well-known/oauth-protected-resource/mcp`;
  const oauthScope = (name: string): string => `${front.origin}/mcp/${name}`;
  const both = `${oauthScope('counter.read')} ${oauthScope('counter.write')}`;
  let provider: Provider;
  before(async () => {
    const programs = process.env.MCP_LAMBDA_AUTHORIZER_PROGRAMS;
    assert.ok(
      programs !== undefined,
      'MCP_LAMBDA_AUTHORIZER_PROGRAMS is not set: run this test with `npm test -- lambda-authorizer`',
    );
    provider = await Provider.start();
    const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: object };
    const signInBaseUrl = cognitoDomain(example);
    const tokenSha256 = agreed.map((token) => createHash('sha256').update(token).digest('hex')).join(',');
    execFileSync('node', ['--import', 'tsx', 'test/e2e/lambda-authorizer-app.ts'], {
      cwd: root,
      env: {
        ...process.env,
        CDK_OUTDIR: work,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify({
          ...context,
          publicBaseUrl: front.origin,
          signInBaseUrl,
          programs,
          issuer: provider.issuer,
          jwksUrl: provider.jwksUrl,
          tokenSha256,
        }),
      },
    });
  });
  after(async () => {
    await provider?.close();
    rmSync(work, { recursive: true, force: true });
  });

  /** Deploys a stack of lambda-authorizer-app.ts; its endpoint and outputs. */
  function deploy(name: string): { endpoint: Endpoint; outputs: Record<string, string> } {
    const said = execFileSync(
      join(root, '.local/venv/bin/python'),
      [
        join(root, 'cli/emulator/deploy.py'),
        '--endpoint',
        example.AwsEndpointUrl,
        '--cdk-out',
        work,
        '--stack',
        name,
        '--rest-api-id',
      ],
      { encoding: 'utf8' },
    );
    const outputs = JSON.parse(said) as Record<string, string>;
    return {
      endpoint: {
        url: `${example.AwsEndpointUrl}/_aws/execute-api/${outputs.RestApiId}/prod/mcp`,
        host: `${outputs.RestApiId}.execute-api.${example.AwsRegion}.amazonaws.com`,
      },
      outputs,
    };
  }

  describe('behind the Lambda authorizer', () => {
    let endpoint: Endpoint;
    let stack: Stack;
    let outputs: Record<string, string>;
    /** A token of a machine client, by the names of its OAuth scopes. */
    const tokenOf = (machine: string, ...names: readonly string[]): Promise<string> =>
      machineToken({
        ...stack,
        AutomatedOAuthClientId: outputs[`${machine}ClientId`] ?? '',
        AutomatedOAuthClientSecretArn: outputs[`${machine}ClientSecretArn`] ?? '',
        McpOAuthScope: names.map(oauthScope).join(' '),
      });
    before(() => {
      ({ endpoint, outputs } = deploy('AuthorizerCounter'));
      stack = { ...example, ...outputs };
    });

    test('answers the call of a tool whose OAuth scope the token lacks with 403 and the challenge, and runs it with the OAuth scope', async () => {
      lacksScope(await call(endpoint, await tokenOf('Often', 'counter.read'), 'incrementCounter'), metadataUrl, both);
      lacksScope(await call(endpoint, await tokenOf('Often', 'counter.write'), 'getCounter'), metadataUrl, both);
      const called = await call(endpoint, await tokenOf('Often', 'counter.write'), 'incrementCounter');
      assert.equal(called.json.result?.structuredContent?.count, 1, called.text);
    });

    test('lists the tools for every OAuth scope', async () => {
      for (const name of ['counter.read', 'counter.write']) {
        assert.equal((await list(endpoint, await tokenOf('Often', name))).status, 200);
      }
    });

    test('lets clients of older revisions through to the function, which refuses the same calls', async () => {
      for (const scopes of [['counter.read'], ['counter.write'], ['counter.read', 'counter.write']]) {
        const token = await tokenOf('Often', ...scopes);
        for (const tool of ['getCounter', 'incrementCounter']) {
          const [byAuthorizer, byFunction] = [
            await call(endpoint, token, tool),
            await call(endpoint, token, tool, older),
          ];
          assert.equal(byAuthorizer.status, byFunction.status, `${scopes.join(' ')} ${tool}`);
          if (byFunction.status === 403) {
            assert.match(byFunction.headers['x-amzn-remapped-www-authenticate'] ?? '', /insufficient_scope/);
            assert.match(byAuthorizer.headers['www-authenticate'] ?? '', /insufficient_scope/);
          }
        }
      }
    });

    test('runs nothing for headers that contradict the message', async () => {
      for (const [scopes, status] of [
        [['counter.read'], 403],
        [['counter.read', 'counter.write'], 400],
      ] as const) {
        const token = await tokenOf('Often', ...scopes);
        for (const name of ['getCounter', '']) {
          const answer = await call(endpoint, token, 'incrementCounter', newest, { 'mcp-name': name });
          assert.equal(answer.status, status, `${scopes.join(' ')} ${name} ${answer.text}`);
          assert.equal(answer.headers['www-authenticate'], undefined, 'the function said so');
        }
      }
    });

    test('takes as many requests of an app client as its burst, says so with 429, and goes on serving the others', async () => {
      const [slow, often] = [await tokenOf('Slow', 'counter.read'), await tokenOf('Often', 'counter.read')];
      const answers: Answer[] = [];
      for (let request = 0; request < 5; request += 1) answers.push(await list(endpoint, slow));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200, 429],
      );
      assert.deepEqual([answers[4]?.json.error, answers[4]?.headers['retry-after']], ['too_many_requests', '1']);
      assert.equal((await list(endpoint, often)).status, 200);
      assert.equal(
        (await list(endpoint, slow, { 'x-api-key': `${outputs.RestApiId}` })).status,
        429,
        'no header of the caller chooses the key',
      );
    });

    test('takes as many requests of an app client as its quota, and says so with 429', async () => {
      const few = await tokenOf('Few', 'counter.read');
      const answers = [await list(endpoint, few), await list(endpoint, few), await list(endpoint, few)];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 429],
      );
      assert.deepEqual([answers[2]?.json.error, answers[2]?.headers['retry-after']], ['quota_exceeded', undefined]);
      // The official client hands the sentence on to whoever runs it.
      const client = new Client({ name: 'test-client', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
      const transport = new StreamableHTTPClientTransport(new URL(endpoint.url), {
        requestInit: { headers: { authorization: `Bearer ${few}` } },
      });
      await assert.rejects(client.connect(transport), /this app client has used up its quota/);
    });

    test('counts all app clients together that it does not know', async () => {
      const tokens = [
        await tokenOfAnUnknownAppClient(stack, oauthScope('counter.read')),
        await tokenOfAnUnknownAppClient(stack, oauthScope('counter.read')),
      ];
      const statuses: number[] = [];
      for (let request = 0; request < 6; request += 1)
        statuses.push((await list(endpoint, tokens[request % 2])).status);
      assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
    });

    test('does not count what the Lambda authorizer refuses', async () => {
      const unknown = await tokenOfAnotherPool(example);
      for (let request = 0; request < 8; request += 1) assert.equal((await list(endpoint, unknown)).status, 401);
    });
  });

  describe('behind McpAuthorization.jwt', () => {
    const scopes = 'api://counter/counter.read api://counter/counter.write';
    let endpoint: Endpoint;
    before(() => {
      ({ endpoint } = deploy('AuthorizerJwt'));
    });

    test("takes the provider's tokens, for the tools of their OAuth scopes", async () => {
      assert.equal((await list(endpoint, provider.token({}))).status, 200);
      const written = await call(
        endpoint,
        provider.token({ scope: undefined, scp: ['counter.write'], azp: undefined, cid: 'an-agent' }),
        'incrementCounter',
      );
      assert.equal(written.json.result?.structuredContent?.count, 1, written.text);
      lacksScope(await call(endpoint, provider.token({}), 'incrementCounter'), metadataUrl, scopes);
      lacksScope(await list(endpoint, provider.token({ scope: 'openid' })), metadataUrl, scopes);
    });

    test('refuses tokens that the provider did not issue for it', async () => {
      const now = Math.floor(Date.now() / 1000);
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      for (const token of [
        provider.token({ aud: 'api://another' }),
        provider.token({ iss: 'http://127.0.0.1:1/' }),
        provider.token({ exp: now - 60 }),
        provider.token({ azp: undefined }),
        provider.token({}, privateKey),
        `${provider.token({}).split('.').slice(0, 2).join('.')}.`,
        await machineToken(example),
      ]) {
        isUnauthorized(await list(endpoint, token), metadataUrl, scopes);
      }
    });

    test('sends MCP clients to the provider', async () => {
      const answer = await send(
        { ...endpoint, url: endpoint.url.replace(/\/mcp$/, '/.well-known/oauth-protected-resource/mcp') },
        undefined,
        newest,
        '',
        {},
        {},
        'GET',
      );
      const document = JSON.parse(answer.text) as Record<string, unknown>;
      assert.deepEqual(
        [document.resource, document.authorization_servers, document.scopes_supported],
        [`${front.origin}/mcp`, [provider.issuer], scopes.split(' ')],
      );
    });

    test('counts an app client of the provider by itself where it is told to', async () => {
      const job = provider.token({ azp: 'batch-job' });
      assert.deepEqual([(await list(endpoint, job)).status, (await list(endpoint, job)).status], [200, 429]);
      assert.equal((await list(endpoint, provider.token({}))).status, 200);
    });
  });

  describe('behind McpAuthorization.bearerToken', () => {
    let endpoint: Endpoint;
    before(() => {
      ({ endpoint } = deploy('AuthorizerToken'));
    });

    test('takes every token that was agreed on, for every tool', async () => {
      for (const token of agreed) {
        assert.equal((await list(endpoint, token)).status, 200);
        assert.equal((await call(endpoint, token, 'incrementCounter')).json.result?.structuredContent?.count, 1);
      }
    });

    test('refuses every other text, the digest of a token among them', async () => {
      for (const text of [
        randomBytes(32).toString('hex'),
        createHash('sha256')
          .update(agreed[0] ?? '')
          .digest('hex'),
        await machineToken(example),
      ]) {
        isUnauthorized(await list(endpoint, text), metadataUrl, both);
      }
    });
  });
});
