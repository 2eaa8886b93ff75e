// The benchmark's tools on the MCP TypeScript SDK 1 with express: stateless, a server for each request, as its documentation
// shows.

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import * as z from 'zod';

import { register } from '../tools.mjs';

const app = express();
app.use(express.json());
app.post('/mcp', async (request, response) => {
  const server = new McpServer({ name: 'greeter', version: '1.0.0' });
  register(server, z);
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on('close', () => {
    transport.close();
    server.close();
  });
  await server.connect(transport);
  await transport.handleRequest(request, response, request.body);
});
const listener = app.listen(0, '127.0.0.1', () => {
  const { address, port } = listener.address();
  console.error(JSON.stringify({ message: 'listening', address: `${address}:${port}` }));
});
