/**
 * The constructs refuse exactly the values that the authorization server would not start with: its crate checks the same table
 * (`the_checked_in_table_of_values_says_what_is_accepted`).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { McpAuthorization } from '../../lib';
import { checkedOrigins } from '../../lib/api/allowed-origins';
import { assertRefusedClients } from '../../lib/authorization/private/option-checks';

const TABLE: { [property: string]: { [value: string]: boolean } } = JSON.parse(
  readFileSync(join(__dirname, '../../../lambda/authorization/setting-cases.json'), 'utf8'),
);

const CHECKS: { [property: string]: (value: string) => unknown } = {
  allowedOrigins: (value) => checkedOrigins([value]),
  brandColor: (brandColor) => McpAuthorization.server({ brandColor }),
  brandLogoUrl: (brandLogoUrl) => McpAuthorization.server({ brandLogoUrl }),
  customSchemes: (value) => McpAuthorization.server({ customSchemes: [value] }),
  redirectHosts: (value) => McpAuthorization.server({ redirectHosts: [value] }),
  redirectUris: (value) =>
    McpAuthorization.server({ clients: [{ clientId: 'desk', clientName: 'Desk', redirectUris: [value] }] }),
  refusedClients: (value) => assertRefusedClients([value], []),
};

function isAccepted(check: (value: string) => unknown, value: string): boolean {
  try {
    check(value);
    return true;
  } catch {
    return false;
  }
}

describe('the authorization server and the constructs agree on', () => {
  test('which properties the table has', () => assert.deepEqual(Object.keys(TABLE), Object.keys(CHECKS)));

  for (const [property, check] of Object.entries(CHECKS)) {
    test(property, () => {
      const actual = Object.fromEntries(Object.keys(TABLE[property]).map((value) => [value, isAccepted(check, value)]));
      assert.deepEqual(actual, TABLE[property]);
    });
  }
});
