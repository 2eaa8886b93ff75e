/** Hosts of Client ID Metadata Documents, played over TLS: each path answers what a test puts there. */

import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { selfSigned } from '../../e2e/metadata-host.ts';

/** What a path answers. */
export interface DocumentAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string | Buffer;
}

export interface DocumentHost {
  /** Settings that make the authorization server take this for the host. */
  readonly variables: Record<string, string>;
  /** Publishes a document whose `client_id` is its own URL, with changes; the URL. */
  publish(path: string, changes?: Record<string, unknown>, answer?: Partial<DocumentAnswer>): string;
  /** How often a URL was fetched. */
  fetches(url: string): number;
  /** Headers of the last request. */
  lastHeaders(): Record<string, string | string[] | undefined>;
  close(): Promise<void>;
}

export const DOCUMENT_HOST = 'clients.conformance.dev';

export async function hostDocuments(): Promise<DocumentHost> {
  const { key, certificate, der } = selfSigned(DOCUMENT_HOST);
  const answers = new Map<string, DocumentAnswer>();
  const fetched = new Map<string, number>();
  let last: Record<string, string | string[] | undefined> = {};
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const path = request.url ?? '/';
    fetched.set(path, (fetched.get(path) ?? 0) + 1);
    last = request.headers;
    const answer = answers.get(path) ?? { status: 404, body: '{}' };
    response
      .writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      .end(answer.body);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    variables: {
      AUTHORIZATION_LOCAL_METADATA_HOSTS: `${DOCUMENT_HOST}=127.0.0.1:${(server.address() as AddressInfo).port}`,
      AUTHORIZATION_LOCAL_METADATA_CA: der,
    },
    publish: (path, changes = {}, answer = {}) => {
      const url = `https://${DOCUMENT_HOST}${path}`;
      const document = {
        client_id: url,
        client_name: 'Document client',
        redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        ...changes,
      };
      answers.set(path, { body: JSON.stringify(document), ...answer });
      return url;
    },
    fetches: (url) => fetched.get(new URL(url).pathname) ?? 0,
    lastHeaders: () => last,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
