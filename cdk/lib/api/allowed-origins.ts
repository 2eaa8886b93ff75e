import { itemsOf, knownItems } from '../private/known-value';
import { synthError } from '../private/synth-error';
import { urlOf } from '../private/urls';

/** Checks the origins, other than the front's own, whose pages may call the server. */
export function checkedOrigins(origins: string[] = []): string[] {
  for (const value of knownItems(origins)) {
    if (urlOf(value)?.origin !== value) {
      throw synthError(
        'AllowedOriginInvalid',
        `allowedOrigins has ${JSON.stringify(value)} and takes origins as browsers send them, for example http://localhost:6274: correct or remove it`,
      );
    }
  }
  return itemsOf(origins, ',');
}
