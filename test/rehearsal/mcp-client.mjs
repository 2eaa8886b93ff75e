// The official MCP client, with an access token that it was given.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const packages = createRequire(join(import.meta.dirname, '..', 'package.json'));
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);

/** Connects and gives what calls a tool, which returns the text that a model would read, and what disconnects. */
export async function connect(url, accessToken) {
  const { Client } = await load('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await load('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const client = new Client({ name: 'rehearsal', version: '1.0.0' });
  const requestInit = { headers: { Authorization: `Bearer ${accessToken}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return {
    call: async (name, args) => {
      const { content } = await client.callTool({ name, arguments: args });
      return content.map(({ text }) => text).join('\n');
    },
    close: () => client.close(),
  };
}
