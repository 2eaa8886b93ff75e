/** The arm64 programs that are deployed, as they are in the zip: run by the emulator of the processor. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

import { startRuntimeApi } from './runtime-api.ts';

const resource = 'https://mcp.example.com/mcp';
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example00';

/** A REST API proxy event for a tool call, with the claims that the Cognito authorizer adds. */
function toolCall(name: string, args: object): object {
  const headers = {
    Host: 'mcp.example.com',
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
    'MCP-Protocol-Version': '2025-11-25',
  };
  return {
    resource: '/mcp',
    path: '/mcp',
    httpMethod: 'POST',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      stage: 'prod',
      requestId: '00000000-0000-0000-0000-000000000000',
      httpMethod: 'POST',
      path: '/prod/mcp',
      resourcePath: '/mcp',
      identity: { sourceIp: '127.0.0.1' },
      authorizer: {
        claims: {
          sub: 'machine',
          client_id: 'machine',
          token_use: 'access',
          scope: `${resource}/dog-facts`,
          iss: issuer,
          exp: '4102444800',
        },
      },
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args } }),
    isBase64Encoded: false,
  };
}

describe('the arm64 bootstrap of dog-facts', () => {
  const file = fileURLToPath(new URL('../../target/lambda/dog-facts/bootstrap', import.meta.url));

  test('is an executable for 64-bit Arm', () => {
    const header = readFileSync(file).subarray(0, 20);
    assert.deepEqual([...header.subarray(0, 4)], [0x7f, 0x45, 0x4c, 0x46], 'not an ELF file');
    assert.equal(header[4], 2, 'not 64-bit');
    assert.equal(header.readUInt16LE(18), 183, 'not aarch64');
  });

  test('answers a tool call that comes through the Lambda Runtime API', async (t) => {
    const dogApi = createServer((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ data: [{ id: '1', type: 'fact', attributes: { body: 'Dogs have noses.' } }] }));
    });
    await new Promise<void>((resolve) => dogApi.listen(0, '127.0.0.1', resolve));
    const api = await startRuntimeApi();
    const program = spawn('qemu-aarch64-static', ['-L', '/usr/aarch64-linux-gnu', file], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        AWS_LAMBDA_RUNTIME_API: api.address,
        AWS_LAMBDA_FUNCTION_NAME: 'dog-facts',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        MCP_RESOURCE: resource,
        MCP_ISSUER: issuer,
        DOG_API_BASE_URL: `http://127.0.0.1:${(dogApi.address() as AddressInfo).port}/api/v2`,
      },
    });
    t.after(async () => {
      program.kill('SIGKILL');
      await api.close();
      dogApi.close();
    });

    const answer = await api.invoke(toolCall('getDogFacts', { limit: 1 }));
    assert.equal(answer.kind, 'response', answer.body.toString());
    assert.equal(answer.headers['lambda-runtime-function-response-mode'], 'streaming');
    const end = answer.body.indexOf(Buffer.alloc(8));
    const prelude = JSON.parse(answer.body.subarray(0, end).toString()) as { statusCode: number };
    assert.equal(prelude.statusCode, 200);
    const message = answer.body.subarray(end + 8).toString();
    assert.match(message, /Dogs have noses\./);
  });
});
