/** A stand-in for the host of a Client ID Metadata Document, over TLS, that the authorization server is told to take for it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { setVariables } from './function-variables.ts';
import type { Stack } from './stack.ts';

/** The stand-in and what it saw. */
export interface MetadataHost {
  /** How often the document was fetched. */
  requests(): number;
  /** How often anything was asked for. */
  allRequests(): number;
  close(): Promise<void>;
}

/** Serves one document under the name of `host`, and points the deployed authorization server's function there. */
export async function playMetadataHost(
  stack: Stack,
  host: string,
  path: string,
  document: object,
): Promise<MetadataHost> {
  const { key, certificate, der } = selfSigned(host);
  let [requests, allRequests] = [0, 0];
  const server = createServer({ key, cert: certificate }, (request, response) => {
    allRequests += 1;
    if (request.url === path) requests += 1;
    response
      .writeHead(request.url === path ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify(document));
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const forget = await setVariables(stack, 'AUTHORIZATION_ISSUER', {
    AUTHORIZATION_LOCAL_METADATA_HOSTS: `${host}=127.0.0.1:${(server.address() as AddressInfo).port}`,
    AUTHORIZATION_LOCAL_METADATA_CA: der,
  });
  return {
    requests: () => requests,
    allRequests: () => allRequests,
    close: async () => {
      await forget();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A certificate for `host` that is nobody's authority, as PEM and as DER in base64. */
export function selfSigned(host: string): { readonly key: string; readonly certificate: string; readonly der: string } {
  const directory = mkdtempSync(join(tmpdir(), 'metadata-host-'));
  try {
    const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=${host}`,
        '-addext',
        `subjectAltName=DNS:${host}`,
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'pipe' },
    );
    const pem = readFileSync(certificate, 'utf8');
    return { key: readFileSync(key, 'utf8'), certificate: pem, der: pem.replace(/-----[^-]+-----|\s/g, '') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
