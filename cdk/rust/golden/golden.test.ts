import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { python, rust, typescript } from './languages.ts';
import { writePackage } from './tools.ts';

const interpreter = process.env.GOLDEN_PYTHON;

/** Byte by byte, but a difference is shown as the first line that differs. */
function assertSame(template: string, wanted: string): void {
  const [lines, wantedLines] = [template.split('\n'), wanted.split('\n')];
  const first = wantedLines.findIndex((line, index) => line !== lines[index]);
  assert.equal(lines[first], wantedLines[first], `line ${first + 1} differs`);
  assert.equal(template.length, wanted.length);
}

describe('one app in several languages', () => {
  const wanted = typescript();

  test('has an MCP server, its Aspect and its outputs in the template', () => {
    const { Resources, Outputs } = JSON.parse(wanted);
    const described = Object.values<any>(Resources)
      .filter((each) => each.Type === 'AWS::Lambda::Function')
      .map((each) => each.Properties.Description);
    const owned = ['AuthorizationServer/Function', 'Function', 'LambdaAuthorizer'].map(
      (path) => `owned by team zoo: Golden/Team/Server/${path}/Function/Resource`,
    );
    assert.deepEqual(described, owned);
    assert.deepEqual(Object.keys(Outputs), ['McpServerUrl', 'Scopes', 'MachineClientId', 'AlarmNames']);
  });

  test('gives the same template in Rust', () => assertSame(rust(), wanted));

  test('gives the same template in Python', () => {
    assert.ok(
      interpreter !== undefined,
      'GOLDEN_PYTHON needs a Python interpreter with the packages of cdk/rust/golden/python/requirements.txt',
    );
    assertSame(python(interpreter), wanted);
  });

  for (const [language, source] of [
    ['java', 'src/main/java/io/github/mcplambda/cdk/McpServer.java'],
    ['dotnet', 'McpLambda.Cdk/McpLambda/Cdk/McpServer.cs'],
    ['go', 'mcplambdacdk/McpServer.go'],
  ]) {
    test(`has a package of the constructs for ${language}`, () =>
      assert.ok(existsSync(join(writePackage(language), source))));
  }
});
