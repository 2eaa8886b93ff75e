/** An OpenID Connect provider of the test's own, as far as a Lambda authorizer sees one: its keys, and the access tokens that it signs. */

import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export class Provider {
  private constructor(
    private readonly server: Server,
    private readonly key: KeyObject,
    readonly issuer: string,
  ) {}

  static async start(): Promise<Provider> {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const keys = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }],
    });
    const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(keys));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Provider(server, privateKey, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }

  get jwksUrl(): string {
    return `${this.issuer}keys`;
  }

  /** A good access token, but for what is said otherwise; signed with the provider's key unless another one is given. */
  token(claims: object, key = this.key): string {
    const now = Math.floor(Date.now() / 1000);
    const head = encode({ alg: 'RS256', kid: 'one', typ: 'JWT' });
    const body = encode({
      iss: this.issuer,
      aud: 'api://counter',
      sub: 'somebody',
      azp: 'an-agent',
      scope: 'counter.read',
      iat: now,
      exp: now + 300,
      ...claims,
    });
    return `${head}.${body}.${createSign('RSA-SHA256').update(`${head}.${body}`).sign(key, 'base64url')}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
