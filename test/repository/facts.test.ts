/** One fact, once: what cdk/lib/generated has from Rust is written nowhere else in the constructs, and under no other name in Rust. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import * as facts from '../../cdk/lib/generated/facts.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const SETTING_NAME = /\b((MCP|AUTHORIZER|AUTHORIZATION|PLAYGROUND)_[A-Z0-9_]+|ALLOW_PRIVATE_SERVERS)\b/;
const LISTS = [facts.LOOPBACK_HOSTS, facts.PRIVATE_DOMAINS, facts.FORBIDDEN_SCHEMES];
const RULES = [facts.SCHEME, facts.SCOPE_NAME, facts.SERVER_NAME, facts.SHA256_DIGEST];
const PATHS = [facts.AUTHORIZE_PATH, facts.TOKEN_PATH];
/** Members of the metadata documents and parameters of the challenge, which no other JSON has. */
const MEMBERS = new Set(
  [facts.PROTECTED_RESOURCE_METADATA, facts.OWN_OPENID_CONFIGURATION]
    .flatMap(Object.keys)
    .filter((name) => /_(supported|endpoint|servers|methods)/.test(name)),
);
/** What the constructs leave out of a document, or choose in it, by an option. */
const CHOSEN = ['registration_endpoint', 'client_id_metadata_document_supported'];

/** Copies of generated facts in a source: as a string, a name of a member, a list or a regular expression. Comments are free. */
function copies(source: string): string[] {
  const found: string[] = [];
  const text = (value: string): void => {
    if (
      SETTING_NAME.test(value) ||
      value.includes(facts.WELL_KNOWN_PATH) ||
      value.includes('.well-known') ||
      PATHS.some((path) => value.endsWith(path)) ||
      /^Bearer \w+=/.test(value) ||
      (MEMBERS.has(value) && !CHOSEN.includes(value))
    )
      found.push(value);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      text(node.text);
    if (
      (ts.isPropertyAssignment(node) || ts.isPropertyAccessExpression(node)) &&
      ts.isIdentifier(node.name) &&
      !/^SETTING\b/.test(node.getText())
    )
      text(node.name.text);
    if (ts.isArrayLiteralExpression(node)) {
      const items = node.elements.filter(ts.isStringLiteralLike).map((item) => item.text);
      if (LISTS.some((list) => items.filter((item) => list.includes(item)).length > 1)) found.push(node.getText());
    }
    if (ts.isRegularExpressionLiteral(node) && RULES.some((rule) => isSame(rule, node.text))) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2022, true));
  return found;
}

/** Whether a regular expression is one of the rules: it allows the same ASCII, as a whole, after a letter and as a long string. */
function isSame(rule: RegExp, literal: string): boolean {
  const other = new RegExp(literal.slice(1, literal.lastIndexOf('/')), literal.slice(literal.lastIndexOf('/') + 1));
  const characters = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
  const samples = characters.flatMap((character) => [character, `a${character}`, character.repeat(64)]);
  return samples.every((sample) => rule.test(sample) === other.test(sample));
}

describe('a fact that Rust and the constructs share', () => {
  test('is not written by hand in cdk/lib', () => {
    const found = sources('cdk/lib', '.ts')
      .filter((path) => !path.includes('/generated/'))
      .flatMap((path) => copies(readFileSync(join(root, path), 'utf8')).map((copy) => `${path}: ${copy}`));
    assert.deepEqual(found, []);
  });

  test('would be found', () => {
    const hands = [
      "const environment = { MCP_AUDIENCE_REQUIRED: 'true' };",
      "f.addEnvironment('AUTHORIZER_USAGE_KEY', key);",
      'const url = `${issuer}/.well-known/jwks.json`;',
      "api.root.addResource('.well-known');",
      'const endpoint = `${issuer}/oauth2/token`;',
      "const loopback = ['localhost', '127.0.0.1'].includes(url.hostname);",
      'const metadata = { scopes_supported: scopes };',
      'const challenge = `Bearer scope="${scope}"`;',
      String.raw`const name = /^[\x21\x23-\x2e\x30-\x5b\x5d-\x7e]{1,256}$/;`,
      'const digest = /^[a-f0-9]{64}$/;',
    ];
    assert.deepEqual(
      hands.filter((hand) => copies(hand).length === 0),
      [],
    );
    assert.deepEqual(
      copies('/** Sets MCP_RESOURCE. */ const environment = { [SETTING.MCP_RESOURCE]: url, open: /^[a-z]+$/ };'),
      [],
    );
  });

  test('is a setting under one name in every crate', () => {
    const names = new Set<string>([
      ...Object.keys(facts.SETTING),
      ...readFileSync(join(root, 'cdk/lib/generated/authorization-settings-environment.ts'), 'utf8').match(
        /AUTHORIZATION_[A-Z_]+/g,
      )!,
    ]);
    // What only the local stack and the plain HTTP mode read.
    const local =
      /^(AUTHORIZATION_(LISTEN|LOCAL_METADATA_HOSTS|LOCAL_METADATA_CA|COGNITO_CLIENT_SECRET|SEALING_SECRET|SEALING_SECRET_PREVIOUS)|PLAYGROUND_SECRET)$/;
    const strange = sources('lambda', '.rs')
      .filter((path) => /\/src\//.test(path))
      .flatMap((path) =>
        [
          ...readFileSync(join(root, path), 'utf8').matchAll(
            /"((?:MCP|AUTHORIZER|AUTHORIZATION|PLAYGROUND)_[A-Z0-9_]+)"/g,
          ),
        ]
          .map(([, name = '']) => name)
          .filter((name) => !names.has(name) && !local.test(name))
          .map((name) => `${path}: ${name}`),
      );
    assert.deepEqual(strange, []);
  });
});
