// Runs the golden app in a language whose packages come from a registry of its own, and compares the template.
//
//   node --import tsx test/golden/other-language.ts java      JDK 17 and Maven, packages from Maven Central
//   node --import tsx test/golden/other-language.ts dotnet    .NET 8 SDK, packages from NuGet
//   node --import tsx test/golden/other-language.ts go        Go 1.25, modules from the Go module proxy
//
// First: npm ci && npm run build --workspace cdk
import { others, typescript } from './languages.ts';

const language = process.argv[2] ?? '';
if (!Object.hasOwn(others, language)) {
  console.error(`needs one of ${Object.keys(others).join(', ')}`);
  process.exit(2);
}
try {
  const same = others[language]() === typescript();
  console.log(same ? `${language}: the template of TypeScript, byte by byte` : `${language}: another template than TypeScript: compare target/golden/out`);
  process.exitCode = same ? 0 : 1;
} catch (error) {
  console.error(`${language}: ${(error as Error).message}`);
  process.exitCode = 1;
}
