import { createHash } from 'node:crypto';
import type { ContractTool } from '../../generated/contract-schema';
import type { McpPageOptions } from '../mcp-page';
import type { DescribedServer } from '../../api/described-server';
import { pageStyle } from './page-style';

/** What `annotations` of a tool say to people (MCP, ToolAnnotations); hints of a tool that only reads say nothing more. */
interface Annotations {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly openWorldHint?: boolean;
}

/** Clients whose command a person pastes into a terminal, with the name that people know. */
const TERMINAL = [
  ['claude-code', 'Claude Code'],
  ['codex', 'Codex'],
  ['gemini', 'Gemini CLI'],
] as const;

/** Escapes what HTML would read as markup. CDK tokens have no such characters and stay whole. */
const escaped = (value: string) =>
  value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');

/** The page about one server, or about all servers of a host, which `hostTitle` names. */
export function pageHtml(servers: readonly DescribedServer[], options: McpPageOptions, hostTitle?: string): string {
  const [first] = servers;
  const title = hostTitle ?? first?.title ?? '';
  const style = pageStyle(options.brandColor);
  const digest = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${digest}'; img-src https:; base-uri 'none'; form-action 'none'`;
  const description = hostTitle === undefined ? first?.description : undefined;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="referrer" content="no-referrer">`,
    `<title>${escaped(title)}</title>`,
    ...(description ? [`<meta name="description" content="${escaped(description)}">`] : []),
    `<style>${style}</style></head><body>`,
    '<header>',
    ...(options.brandLogoUrl === undefined ? [] : [`<img class="logo" src="${escaped(options.brandLogoUrl)}" alt="">`]),
    `<h1>${escaped(title)}</h1>`,
    ...(description ? [`<p>${escaped(description)}</p>`] : []),
    '</header><main>',
    ...(hostTitle === undefined
      ? servers.flatMap((server) => sections(server, true))
      : servers.flatMap((server) => [
          `<section aria-labelledby="${server.name}"><h2 id="${server.name}">${escaped(server.title)}</h2>`,
          ...(server.description ? [`<p>${escaped(server.description)}</p>`] : []),
          ...sections(server, false),
          '</section>',
        ])),
    '</main>',
    ...footer(servers, options),
    '</body></html>',
    '',
  ].join('\n');
}

/**
 * @param alone whether the server has this page for itself. The page of a host may name nothing of a server's own stack, such as
 * a `client_id`.
 */
function sections(server: DescribedServer, alone: boolean): string[] {
  const id = server.name;
  const commands = TERMINAL.filter(([client]) => server.urlAlone || (alone && client === 'claude-code'));
  return [
    `<section aria-labelledby="${id}-connect"><h2 id="${id}-connect">Connect</h2>`,
    ...(server.urlAlone
      ? ['<p>Give this URL to your MCP client. The client opens the sign-in page by itself.</p>']
      : [
          `<p>The MCP URL. A client needs more than the URL${alone ? ', as in the command' : ': ask the operator'}.</p>`,
        ]),
    code(server.mcpServerUrl),
    ...(server.urlAlone ? links(server) : []),
    '<dl>',
    ...commands.map(([client, name]) => `<dt>${name}</dt><dd>${code(server.connectCommand(client))}</dd>`),
    // Their servers connect, not the person's browser: nothing of one machine is within their reach.
    ...(server.urlAlone && !server.mcpServerUrl.startsWith('http:')
      ? [
          '<dt>Claude on the web and on the desktop</dt><dd>Settings, Connectors, Add custom connector; paste the URL.</dd>',
          '<dt>ChatGPT</dt><dd>Settings, Apps &amp; Connectors, Create; paste the URL and choose OAuth.</dd>',
        ]
      : []),
    '</dl>',
    ...(server.signInUrl === undefined
      ? []
      : [
          `<p><a href="${escaped(server.signInUrl)}">Sign up or in</a> without a client, to have an account beforehand.</p>`,
        ]),
    '</section>',
    ...tools(server, id),
  ];
}

/** Links that a desktop opens with the client. */
function links(server: DescribedServer): string[] {
  return [
    '<ul class="add">',
    `<li><a href="${escaped(server.vscodeLink)}">Add to VS Code</a></li>`,
    `<li><a href="${escaped(server.connectCommand('cursor'))}">Add to Cursor</a></li>`,
    '</ul>',
  ];
}

function tools(server: DescribedServer, id: string): string[] {
  if (server.tools.length === 0) {
    return [];
  }
  return [
    `<section aria-labelledby="${id}-tools"><h2 id="${id}-tools">Tools</h2><ul class="tools">`,
    ...server.tools.flatMap((tool) => [
      `<li><h3>${escaped(tool.title ?? tool.name)}</h3>`,
      ...(tool.description ? [`<p>${escaped(tool.description)}</p>`] : []),
      `<p class="quiet"><code>${escaped(tool.name)}</code> ${hints(tool)} ${allowed(tool, server)}</p></li>`,
    ]),
    '</ul></section>',
  ];
}

/** What the tool does to the world, in words. */
function hints(tool: ContractTool): string {
  const { readOnlyHint, destructiveHint, openWorldHint } = (tool.annotations ?? {}) as Annotations;
  const does = readOnlyHint
    ? 'Only reads.'
    : destructiveHint === false
      ? 'Adds, and deletes nothing.'
      : 'Can change or delete.';
  return openWorldHint === false ? does : `${does} Can reach services on the internet.`;
}

/** The OAuth scopes of the tool, as the consent page describes them. */
function allowed(tool: ContractTool, server: DescribedServer): string {
  const described = tool.scopes.map((name) => {
    const scope = server.scopes.find((each) => each.name === name);
    return `${escaped(scope?.description || name)} (<code>${escaped(name)}</code>)`;
  });
  return `You allow: ${described.join(', ')}.`;
}

function footer(servers: readonly DescribedServer[], options: McpPageOptions): string[] {
  const metadata = servers.map((server) => ({
    title: servers.length === 1 ? 'Metadata for programs' : `Metadata of ${server.title} for programs`,
    url: server.resourceMetadataUrl,
  }));
  return [
    '<footer class="quiet">',
    ...[...(options.links ?? []), ...metadata].map(
      ({ title, url }) => `<a href="${escaped(url)}">${escaped(title)}</a>`,
    ),
    '</footer>',
  ];
}

/** A line to copy. */
function code(line: string): string {
  return `<pre><code>${escaped(line)}</code></pre>`;
}
