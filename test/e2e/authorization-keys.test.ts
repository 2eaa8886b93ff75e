/** Rotation of the authorization server's sealing secret, as docs/authorization-modes.md describes it, in the deployed template. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Server } from '../conformance/authorization/server.ts';
import { refusal } from '../conformance/authorization/text.ts';
import { variable } from './function-variables.ts';
import { aws, runningStack } from './stack.ts';

const stack = runningStack();

/** A new value, and processes of the function that have not read the old one. */
async function rotate(server: Server): Promise<void> {
  const arn = await variable(stack, 'AUTHORIZATION_SEALING_SECRET_ARN');
  await aws(stack, 'secretsmanager', 'secretsmanager.PutSecretValue', {
    SecretId: arn,
    SecretString: randomBytes(32).toString('hex'),
    ClientRequestToken: randomBytes(16).toString('hex'),
  });
  await server.settings({ AUTHORIZATION_BRAND_NAME: `Rotated ${randomBytes(3).toString('hex')}` });
}

describe('rotating the sealing secret', () => {
  let server: Server;
  before(async () => {
    server = await Server.start(stack);
  });
  after(() => server?.close());

  test('breaks nothing that was begun with the value before', async () => {
    const clientId = await server.client();
    const { body: tokens } = await server.tokens();
    const arrival = await server.arrive();
    await rotate(server);
    assert.equal((await server.authorize({ client_id: clientId })).status, 200, 'the registration');
    assert.equal((await server.redeem(arrival)).status, 200, 'a code');
    assert.equal((await server.refresh(String(tokens['refresh_token']), clientId)).status, 200, 'a refresh token');
  });

  test('makes what is two values old worthless, and says so to the client', async () => {
    const clientId = await server.client();
    const { body: tokens } = await server.tokens({ client_id: stack.McpOAuthClientId });
    await rotate(server);
    const fresh = await server.tokens({ client_id: stack.McpOAuthClientId });
    await rotate(server);
    assert.deepEqual(refusal(await server.refresh(String(tokens['refresh_token']), stack.McpOAuthClientId)), [
      400,
      'invalid_grant',
    ]);
    assert.deepEqual(
      refusal(await server.refresh('x', clientId)),
      [401, 'invalid_client'],
      'the registration: the client registers again',
    );
    assert.equal(
      (await server.refresh(String(fresh.body['refresh_token']), stack.McpOAuthClientId)).status,
      200,
      'what is one value old',
    );
  });
});
