/** A stand-in for the host of a Client ID Metadata Document, over TLS, that the authorization server is told to take for it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Stack } from './stack.ts';

/** The stand-in and what it saw. */
export interface MetadataHost {
  /** How often the document was fetched. */
  requests(): number;
  close(): Promise<void>;
}

interface Configuration {
  readonly FunctionName: string;
  readonly Environment?: { readonly Variables: Record<string, string> };
}

/** Serves one document under the name of `host`, and points the deployed authorization server's function there. */
export async function playMetadataHost(stack: Stack, host: string, path: string, document: object): Promise<MetadataHost> {
  const { key, certificate, der } = selfSigned(host);
  let requests = 0;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    if (request.url === path) requests += 1;
    response.writeHead(request.url === path ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  await setVariables(stack, {
    AUTHORIZATION_LOCAL_METADATA_HOSTS: `${host}=127.0.0.1:${(server.address() as AddressInfo).port}`,
    AUTHORIZATION_LOCAL_METADATA_CA: der,
  });
  return {
    requests: () => requests,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}

/** A certificate for `host` that is nobody's authority, as PEM and as DER in base64. */
export function selfSigned(host: string): { readonly key: string; readonly certificate: string; readonly der: string } {
  const directory = mkdtempSync(join(tmpdir(), 'metadata-host-'));
  try {
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', `/CN=${host}`,
      '-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', certificate,
    ], { stdio: 'pipe' });
    const pem = readFileSync(certificate, 'utf8');
    return { key: readFileSync(key, 'utf8'), certificate: pem, der: pem.replace(/-----[^-]+-----|\s/g, '') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function callLambda<T>(stack: Stack, method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stack.AwsEndpointUrl}/2015-03-31/functions${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${stack.AwsRegion}/lambda/aws4_request, SignedHeaders=host, Signature=0`,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** The function of the authorization server in this stack. */
async function authorizationFunction(stack: Stack): Promise<Configuration> {
  const { Functions } = await callLambda<{ Functions: readonly Configuration[] }>(stack, 'GET', '/');
  const found = Functions.find(({ Environment }) => Environment?.Variables['AUTHORIZATION_ISSUER'] === stack.McpOAuthIssuer);
  if (found === undefined) throw new Error('no function of this stack has AUTHORIZATION_ISSUER: start it with `npm start -- --authorization server`');
  return found;
}

/** The variables of the authorization server's function. */
export async function variablesOf(stack: Stack): Promise<Record<string, string>> {
  return (await authorizationFunction(stack)).Environment?.Variables ?? {};
}

/** Adds variables to the authorization server's function, as an administrator of the account would. */
export async function setVariables(stack: Stack, variables: Record<string, string>): Promise<void> {
  const { FunctionName, Environment } = await authorizationFunction(stack);
  await callLambda(stack, 'PUT', `/${FunctionName}/configuration`, { Environment: { Variables: { ...Environment?.Variables, ...variables } } });
}
