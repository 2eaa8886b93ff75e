/** The published schema of contracts, held against the servers that print them and the constructs that read them. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readContract } from '../../cdk/lib/contract/private/contract-document.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const json = (path: string): any => JSON.parse(readFileSync(join(root, path), 'utf8'));
const contracts = execFileSync('git', ['ls-files', 'lambda/*/contract.json'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n');
const schema = json('lambda/contract/contract.schema.json');
// Rust's number formats are notes, not rules.
const isValid = new Ajv2020({
  strict: true,
  formats: { uint8: true, uint16: true, uint32: true, uint64: true },
}).compile(schema);

const directory = mkdtempSync(join(tmpdir(), 'schema-'));
after(() => rmSync(directory, { recursive: true }));

function areReadByTheConstructs(contract: unknown): boolean {
  const path = join(directory, 'contract.json');
  writeFileSync(path, JSON.stringify(contract));
  try {
    readContract(path);
    return true;
  } catch {
    return false;
  }
}

/** Every member of a document, as the way to it. */
function ways(value: unknown, way: (string | number)[] = []): (string | number)[][] {
  const entries = Array.isArray(value)
    ? [...value.entries()]
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : [];
  return entries.flatMap(([key, inner]) => [[...way, key], ...ways(inner, [...way, key])]);
}

function changed(
  contract: any,
  way: (string | number)[],
  change: (holder: any, key: string | number) => void,
): unknown {
  const copy = structuredClone(contract);
  change(
    way.slice(0, -1).reduce((holder, key) => holder[key], copy),
    way.at(-1)!,
  );
  return copy;
}

describe('the schema of contracts', () => {
  test('has the versions that the constructs read', () => {
    const versions: number[] = schema.properties.contractVersion.enum;
    assert.equal(schema.$id, `urn:mcp-lambda:contract:${versions[0]}`);
    const contract = json('lambda/servers/counter/contract.json');
    for (const contractVersion of [...versions, Math.max(...versions) + 1]) {
      const variant = { ...contract, contractVersion };
      const isKnown = versions.includes(contractVersion);
      assert.deepEqual(
        [isValid(variant), areReadByTheConstructs(variant)],
        [isKnown, isKnown],
        `version ${contractVersion}`,
      );
    }
  });

  test('is met by every server', () => {
    assert.ok(contracts.length >= 2, contracts.join());
    for (const path of contracts) {
      assert.ok(isValid(json(path)), `${path}: ${JSON.stringify(isValid.errors)}`);
    }
  });

  test('is not met by a contract with a member missing or of another type, and the constructs refuse it', () => {
    const contract = json('lambda/servers/counter/contract.json');
    const members = ways(contract).filter(
      (way) =>
        !way.some((key) =>
          ['inputSchema', 'outputSchema', 'annotations', 'default', 'includes', 'endpointMethods'].includes(
            String(key),
          ),
        ) && typeof way.at(-1) === 'string',
    );
    assert.ok(members.length > 50);
    for (const way of members) {
      const missing = changed(contract, way, (holder, key) => delete holder[key]);
      assert.deepEqual([isValid(missing), areReadByTheConstructs(missing)], [false, false], `without ${way.join('.')}`);
      const other = changed(contract, way, (holder, key) => (holder[key] = { no: 1 }));
      assert.deepEqual(
        [isValid(other), areReadByTheConstructs(other)],
        [false, false],
        `with another ${way.join('.')}`,
      );
    }
  });

  test('allows nothing that the constructs cannot read', () => {
    const contract = json('lambda/servers/counter/contract.json');
    assert.ok(areReadByTheConstructs(contract));
    const alternatives = (definition: any): unknown[] =>
      definition.enum ?? definition.oneOf.map((item: any) => item.const);
    const { SettingType, SettingOwner, AwsResourceType } = schema.$defs;
    const variants = [
      ...alternatives(SettingType).map(
        (type) => ['settings', 'type', type, type === 'duration' ? 'ms' : null] as const,
      ),
      ...alternatives(SettingOwner).map((owner) => ['settings', 'owner', owner, null] as const),
      ...alternatives(AwsResourceType).map((type) => ['resources', 'type', type, null] as const),
    ];
    assert.ok(variants.length >= 9);
    for (const [list, member, value, unit] of variants) {
      const variant = structuredClone(contract);
      variant[list][0][member] = value;
      if (list === 'settings') variant.settings[0].unit = unit;
      assert.ok(isValid(variant), `${member} ${value}: ${JSON.stringify(isValid.errors)}`);
      assert.ok(areReadByTheConstructs(variant), `${member} ${value}`);
    }
    for (const [maximumEventAgeSeconds, retryAttempts, fits] of [
      [60, 0, true],
      [21600, 2, true],
      [59, 2, false],
      [21601, 2, false],
      [300, 3, false],
    ] as const) {
      const continued = { ...contract, contractVersion: 2, selfInvocation: { maximumEventAgeSeconds, retryAttempts } };
      assert.equal(isValid(continued), fits, `${maximumEventAgeSeconds} s, ${retryAttempts} attempts`);
      assert.equal(areReadByTheConstructs(continued), fits);
    }
    for (const [endpointMethods, fits] of [
      [['DELETE', 'GET'], true],
      [['PUT'], false],
      ['GET', false],
    ] as const) {
      const resuming = { ...contract, contractVersion: 3, endpointMethods };
      assert.equal(isValid(resuming), fits, JSON.stringify(endpointMethods));
      assert.equal(areReadByTheConstructs(resuming), fits);
    }
    const included = structuredClone(contract);
    included.scopes.push({ name: 'all', description: 'All', includes: [contract.scopes[0].name] });
    assert.ok(isValid(included) && areReadByTheConstructs(included));
  });
});
