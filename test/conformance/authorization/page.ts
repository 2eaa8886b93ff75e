/** docs/authorization-conformance.md, out of the table. */

import { entries, type Level, type Sentence, unshown } from './table.ts';

/** Documents in the order of the page, with what they are. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'MCP 2025-03-26': 'the chapter on authorization of the first revision that has one',
  'MCP 2025-06-18': 'the chapter on authorization',
  'MCP 2025-11-25': 'the chapter on authorization',
  'MCP 2026-07-28': 'the chapters on authorization',
  'OAuth 2.1': 'draft-ietf-oauth-v2-1, as of May 2026',
  'RFC 6585': 'too many requests',
  'RFC 6749': 'OAuth 2.0',
  'RFC 6750': 'bearer tokens',
  'RFC 7009': 'revocation',
  'RFC 7591': 'dynamic client registration',
  'RFC 7636': 'PKCE',
  'RFC 8252': 'native applications',
  'RFC 8414': 'authorization server metadata',
  'RFC 8707': 'resource indicators',
  'RFC 9207': 'issuer identification',
  'RFC 9700': 'best current practice, where it says more than OAuth 2.1',
  'RFC 9728': 'protected resource metadata',
  'CIMD draft': 'draft-ietf-oauth-client-id-metadata-document, as of March 2026',
};

interface Row extends Sentence {
  readonly result: string;
}

const rows = (): Row[] =>
  entries.flatMap(({ test, sentences, unmet }) =>
    sentences.map((each) => ({ ...each, result: unmet === undefined ? test : `**not kept**: ${test}` })),
  );

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Compares sections as people count: 2 before 10, numbers before words. */
const bySection = (left: Sentence, right: Sentence): number =>
  left.section.localeCompare(right.section, 'en', { numeric: true });

/** The page as text. */
export function page(): string {
  const all = rows();
  const names = new Set([...all, ...unshown.flatMap(({ sentences }) => sentences)].map(({ document }) => document));
  const unknown = [...names].filter((name) => !(name in DOCUMENTS));
  if (unknown.length > 0) throw new Error(`page.ts does not know ${unknown.join(', ')}`);
  const count = (level: Level[], kept: boolean): number =>
    all.filter((row) => level.includes(row.level) && row.result.startsWith('**') !== kept).length;
  const musts: Level[] = ['MUST', 'MUST NOT'];
  const shoulds: Level[] = ['SHOULD', 'SHOULD NOT'];
  const tables = Object.entries(DOCUMENTS)
    .filter(([name]) => names.has(name))
    .map(([name, what]) => {
      const own = all.filter(({ document }) => document === name).sort(bySection);
      const lines = own.map(
        ({ section, level, text, result }) => `| ${cell(section)} | ${level} | ${cell(text)} | ${cell(result)} |`,
      );
      return `### ${name}: ${what}\n\n| section | level | sentence | test |\n|---|---|---|---|\n${lines.join('\n')}`;
    });
  const unmet = entries
    .filter((entry) => entry.unmet !== undefined)
    .map(
      ({ test, sentences, unmet: reason }) =>
        `- **${test}** (${sentences.map(({ document, section, level }) => `${document} ${section}, ${level}`).join('; ')}). ${reason ?? ''}`,
    );
  const elsewhere = unshown.map(
    ({ sentences, reason }) =>
      `- ${reason}\n${sentences.map(({ document, section, level, text }) => `  - ${document}, ${section}, ${level}: ${text}`).join('\n')}`,
  );
  return `# Conformance of authorization

<!-- Written by test/conformance/authorization/run.ts; do not edit. -->

What MCP and OAuth ask of an authorization server and of a protected resource, sentence by sentence and in our words, and the test that shows it.
The tests speak HTTP to the local stack, \`npm start\`: edge, gateway, authorization server, MCP server, and the emulated
user pool behind them. Each can fail; one that does fails \`npm test -- authorization-conformance\`, and so does this page when it is out of date.
Sentences about clients only are left out. REQUIRED counts as MUST and RECOMMENDED as SHOULD (RFC 2119).

| level | kept | not kept |
|---|---|---|
| MUST, MUST NOT | ${count(musts, true)} | ${count(musts, false)} |
| SHOULD, SHOULD NOT | ${count(shoulds, true)} | ${count(shoulds, false)} |

${all.length} sentences, ${entries.length} tests. The official suite's own judgement of authorization servers is \`npm test -- authorization-suite\`.

## Not kept, and why

A test shows what happens instead.

${unmet.join('\n')}

## Not shown here

Listed and not counted.

${elsewhere.join('\n')}

## Sentence by sentence

A negative level forbids what its sentence says. What is *not kept* has its reason above.

${tables.join('\n\n')}
`;
}
