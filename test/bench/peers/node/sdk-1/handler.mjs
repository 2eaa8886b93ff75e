// The benchmark's tools on the MCP TypeScript SDK 1: stateless, a server for each request, as its documentation shows.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import * as z from 'zod';

import { buffered, requestOf, streamed } from '../http.mjs';
import { register } from '../tools.mjs';

async function answer(event, enableJsonResponse) {
  const server = new McpServer({ name: 'greeter', version: '1.0.0' });
  register(server, z);
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse });
  await server.connect(transport);
  return transport.handleRequest(requestOf(event));
}

export const handler = async (event) => buffered(await answer(event, true));

export const streaming = awslambda.streamifyResponse(async (event, stream) =>
  streamed(await answer(event, false), stream),
);
