// Runs the golden app in a language whose toolchain not every machine has, compares the template, and records that in
// docs/languages.md, which says what each language needs.
//
//   node --import tsx cdk/rust/golden/other-language.ts java|go|csharp
//
// First: npm ci && npm run build --workspace cdk
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { typescript } from './languages.ts';
import { others } from './other-languages.ts';
import { record } from './record.ts';
import { root } from './tools.ts';

const name = process.argv[2] ?? '';
if (!Object.hasOwn(others, name)) {
  console.error(`needs one of ${Object.keys(others).join(', ')}`);
  process.exit(2);
}
const language = others[name];
try {
  const same = language.template() === typescript();
  const result = same
    ? 'the template of TypeScript, byte by byte'
    : 'another template than TypeScript: compare target/golden/out';
  const page = join(root, 'docs', 'languages.md');
  writeFileSync(
    page,
    record(readFileSync(page, 'utf8'), { ...language, toolchain: language.toolchain(), result, date: new Date() }),
  );
  console.log(`${language.title}: ${result}`);
  process.exitCode = same ? 0 : 1;
} catch (error) {
  console.error(`${language.title}: ${(error as Error).message}`);
  process.exitCode = 1;
}
