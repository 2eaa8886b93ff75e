import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Stack } from 'aws-cdk-lib';
import {
  McpAuthorization,
  McpContract,
  McpHost,
  McpPage,
  type McpPageOptions,
  McpRemoteServer,
  McpServer,
} from '../../lib';
import { deployed } from '../deployed';
import { code, facts, fixture, synthesize, type TemplateJson, twoScopes } from '../synthesis';

interface Response {
  readonly html?: string;
  readonly headers: Record<string, string>;
}

/** The responses at the root of an API to each method, as a browser receives them. */
function root(define: (stack: Stack) => void): Record<string, Response> {
  const template = synthesize(define).toJSON() as TemplateJson;
  const methods = Object.values(template.Resources).filter(
    ({ Type: type, Properties: method }) =>
      type === 'AWS::ApiGateway::Method' && method!.ResourceId['Fn::GetAtt']?.[1] === 'RootResourceId',
  );
  return Object.fromEntries(
    methods.map(({ Properties: method }) => {
      const [response] = method!.Integration.IntegrationResponses;
      const template_ = response.ResponseTemplates?.['text/html'];
      const headers = Object.entries(response.ResponseParameters as Record<string, string>).map(
        ([name, value]) => [name.replace('method.response.header.', ''), value.slice(1, -1)] as const,
      );
      return [
        method!.HttpMethod,
        { html: template_ && deployed(template, template_), headers: Object.fromEntries(headers) },
      ];
    }),
  );
}

const server = (stack: Stack, props: object = {}) =>
  new McpServer(stack, 'Server', { code: code(), contract: facts(), ...props });
const page = (props: object = {}) => root((stack) => server(stack, props)).GET!.html!;

describe('the page for people', () => {
  test('is at the root, for GET and HEAD, cached for minutes and in no frame', () => {
    const { GET, HEAD } = root((stack) => server(stack));
    assert.ok(GET!.html!.startsWith('<!doctype html>'));
    assert.equal(HEAD!.html, undefined);
    for (const { headers } of [GET!, HEAD!]) {
      assert.deepEqual(headers, {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'public, max-age=300',
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
      });
    }
  });

  test('names the server, its URL, and a command or link for each client', () => {
    const html = page();
    for (const words of [
      '<h1>Dog facts</h1>',
      '<code>https://d111.cloudfront.net/mcp</code>',
      'claude mcp add --transport http dog-facts https://d111.cloudfront.net/mcp',
      'codex mcp add dog-facts --url https://d111.cloudfront.net/mcp',
      'gemini mcp add --transport http dog-facts https://d111.cloudfront.net/mcp',
      'href="https://d111.cloudfront.net/sign-in"',
      '<dt>Claude on the web and on the desktop</dt>',
      '<dt>ChatGPT</dt>',
    ]) {
      assert.ok(html.includes(words), `${words} is not in ${html}`);
    }
    const [, vscode = ''] = /href="vscode:mcp\/install\?([^"]+)"/.exec(html) ?? [];
    assert.deepEqual(JSON.parse(decodeURIComponent(vscode)), {
      name: 'dog-facts',
      type: 'http',
      url: 'https://d111.cloudfront.net/mcp',
    });
    const [, cursor = ''] = /href="cursor:[^"]+config=([^"]+)"/.exec(html) ?? [];
    assert.deepEqual(JSON.parse(Buffer.from(cursor, 'base64').toString()), { url: 'https://d111.cloudfront.net/mcp' });
  });

  test('says of each tool what it does, what it changes and what a person allows', () => {
    const html = page({ contract: twoScopes() });
    const document = JSON.parse(readFileSync(fixture('two-scopes.contract.json'), 'utf8')) as {
      tools: { name: string; description: string; scopes: string[] }[];
      scopes: { name: string; description: string }[];
    };
    for (const tool of document.tools) {
      assert.ok(html.includes(`<code>${tool.name}</code>`), tool.name);
      for (const name of tool.scopes) assert.ok(html.includes(`<code>${name}</code>`), name);
    }
    assert.match(html, /Only reads\.|Can change or delete\.|Adds, and deletes nothing\./);
  });

  test('names nothing but the command with its client_id where a client needs more than the URL', () => {
    const html = page({ authorization: McpAuthorization.cognito() });
    assert.match(html, /claude mcp add .* --client-id /);
    assert.doesNotMatch(html, /codex|vscode:|cursor:|Sign up/);
  });

  test('has one policy, which lets its own style sheet in and no script', () => {
    for (const html of [page(), page({ page: McpPage.standard({ brandColor: '#336699' }) })]) {
      const [, style = ''] = /<style>(.*)<\/style>/s.exec(html) ?? [];
      const digest = createHash('sha256').update(style).digest('base64');
      assert.ok(html.includes(`default-src 'none'; style-src 'sha256-${digest}'`));
      assert.doesNotMatch(html, /<script|\son\w+=|style="/);
    }
  });

  test('has nothing in it that a mapping template would evaluate, and shows markup as written', () => {
    const contract = McpContract.fromFile(join(__dirname, '..', 'fixtures', 'hostile-page.contract.json'));
    const html = page({ contract });
    assert.doesNotMatch(html, /[$#]/);
    assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;'), html);
    assert.ok(html.includes('&num;set(&dollar;x = 1)'), html);
    assert.doesNotMatch(html, /<script|<img/);
  });

  test('has a brand: a logo, a colour and links', () => {
    const html = page({
      page: McpPage.standard({
        brandLogoUrl: 'https://example.com/logo.svg',
        brandColor: '#336699',
        links: [{ title: 'Status & more', url: 'https://status.example.com/' }],
      }),
    });
    assert.ok(html.includes('<img class="logo" src="https://example.com/logo.svg" alt="">'));
    assert.ok(html.includes('--brand:rgb(51,102,153)'));
    assert.ok(html.includes('<a href="https://status.example.com/">Status &amp; more</a>'));
  });

  test('has the brand of the authorization server where it has none of its own', () => {
    const brand = { brandColor: '#7a1f1f', brandLogoUrl: 'https://example.com/logo.svg' };
    const html = page({ authorization: McpAuthorization.server({ code: code(), ...brand }) });
    assert.ok(html.includes('--brand:rgb(122,31,31)') && html.includes('src="https://example.com/logo.svg"'), html);
  });

  const wrong: readonly [string, McpPageOptions, RegExp][] = [
    ['a colour by name', { brandColor: 'blue' }, /\(BrandColorInvalid\)$/],
    ['a logo by http', { brandLogoUrl: 'http://example.com/logo.svg' }, /\(BrandLogoNotHttps\)$/],
    [
      'a link that runs a script',
      { links: [{ title: 'x', url: 'javascript:alert(1)' }] },
      /^Error: links has .+ and takes https URLs, and http URLs on loopback: correct it \(PageLinkInvalid\)$/,
    ],
    [
      'a link that ends its attribute',
      { links: [{ title: 'x', url: 'https://x/"onclick=' }] },
      /^Error: links has .+ and takes https URLs, and http URLs on loopback: correct it \(PageLinkInvalid\)$/,
    ],
  ];
  for (const [name, options, message] of wrong) {
    test(`refuses ${name}`, () => {
      assert.throws(() => McpPage.standard(options), message);
    });
  }

  test('is left out on demand: then the root has no method', () => {
    assert.deepEqual(
      root((stack) => server(stack, { page: McpPage.none() })),
      {},
    );
  });

  test('of a host is about all servers, and none of them has one of its own', () => {
    const define = (stack: Stack, page?: McpPage) => {
      const host = new McpHost(stack, 'Host', { page, displayName: 'Both' });
      new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
      new McpServer(stack, 'Two', { code: code(), contract: twoScopes(), host, path: '/two' });
    };
    const { GET } = root((stack) => define(stack));
    for (const words of ['<h1>Both</h1>', '/facts/mcp</code>', '/two/mcp</code>']) {
      assert.ok(GET!.html!.includes(words), words);
    }
    assert.deepEqual(
      root((stack) => define(stack, McpPage.none())),
      {},
    );
    assert.throws(
      () =>
        synthesize((stack) => {
          const host = new McpHost(stack, 'Host');
          server(stack, { host, path: '/facts', page: McpPage.none() });
        }),
      /OptionOfHost/,
    );
  });

  test('of a host names nothing of a server in another stack', () => {
    const { GET } = root((stack) => {
      const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() });
      new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
    });
    assert.match(GET!.html!, /needs more than the URL: ask the operator/);
    assert.doesNotMatch(GET!.html!, /claude mcp add/);
  });

  test('of a remote server names its URL; its tools are not known', () => {
    const { GET } = root((stack) => {
      new McpRemoteServer(stack, 'Remote', {
        endpointUrl: 'https://example.com/mcp',
        serverName: 'remote',
        scopes: [{ name: 'use', description: 'Use it' }],
      });
    });
    assert.ok(GET!.html!.includes('codex mcp add remote --url https://d111.cloudfront.net/mcp'));
    assert.doesNotMatch(GET!.html!, /<h2[^>]*>Tools/);
  });
});
