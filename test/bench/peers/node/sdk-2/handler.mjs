// The benchmark's tools on the MCP TypeScript SDK 2: its handler, which serves both eras and a server for each request.

import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import * as z from 'zod';

import { buffered, requestOf, streamed } from '../http.mjs';
import { register } from '../tools.mjs';

const mcp = createMcpHandler(() => {
  const server = new McpServer({ name: 'greeter', version: '1.0.0' });
  register(server, z);
  return server;
});

export const handler = async (event) => buffered(await mcp.fetch(requestOf(event)));

export const streaming = awslambda.streamifyResponse(async (event, stream) =>
  streamed(await mcp.fetch(requestOf(event)), stream),
);
