import { synthError } from './synth-error';

/** Refuses redirect URIs that are neither https nor loopback, or that Cognito and our authorization server could not compare exactly. */
export function assertCallbackUrls(values: string[], property: string): void {
  for (const value of values) {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const loopback = url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
    if (url === undefined || url.hash !== '' || value.includes('*') || !(url.protocol === 'https:' || loopback)) {
      throw synthError('CallbackUrlNotSafe', `${property} has ${JSON.stringify(value)} and takes https URLs, or http ones on localhost, 127.0.0.1 or [::1], without a fragment or a wildcard: correct or remove it`);
    }
  }
}
