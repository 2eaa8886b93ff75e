import { existsSync, readFileSync } from 'node:fs';
import { CONTRACT_SCHEMA, type ContractDocument, type ContractScope } from '../../generated/contract-schema';
import { assertKnown } from '../../private/known-value';
import { list, synthError } from '../../private/synth-error';
import { misfitOf } from './schema';

/** Creates the error about a contract file. */
type Complaint = (identifier: string, message: string) => Error;

/** Reads and checks a contract file. */
export function readContract(path: string): ContractDocument {
  const fix =
    "print it with the server's contract command, for example `cargo run -p dog-facts -- contract > contract.json`";
  assertKnown(path, 'path of the contract file', 'give the path of a file');
  if (!existsSync(path)) {
    throw synthError('ContractFileMissing', `contract file ${path} does not exist: ${fix}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw synthError('ContractNotJson', `contract file ${path} is not JSON, ${(error as Error).message}: ${fix}`);
  }
  const complaint: Complaint = (identifier, message) => synthError(identifier, `contract file ${path} ${message}`);
  assertSchema(json, complaint);
  assertReferences(json, complaint);
  return json;
}

/** Refuses a document that does not meet the schema of the Rust types. */
function assertSchema(json: unknown, complaint: Complaint): asserts json is ContractDocument {
  const misfit = misfitOf(CONTRACT_SCHEMA, json);
  if (misfit?.at === 'contractVersion') {
    const versions = CONTRACT_SCHEMA.properties.contractVersion.enum;
    throw complaint(
      'ContractVersionUnsupported',
      `has contractVersion ${JSON.stringify(misfit.value)} and this library reads ${versions[0]} to ${versions.at(-1)}: use the mcp-lambda crate and the mcp-lambda-cdk package of the same release`,
    );
  }
  if (misfit !== undefined) {
    const { at, value, expected } = misfit;
    throw complaint(
      'ContractMemberInvalid',
      `has ${at === '' ? 'the contract' : at} = ${JSON.stringify(value) ?? 'nothing'} and needs ${expected}: print the contract again with the server's contract command`,
    );
  }
}

/** Refuses contradictions between the parts of a contract, which a schema cannot express. */
function assertReferences(document: ContractDocument, complaint: Complaint): void {
  if (document.scopes.length === 0) {
    throw complaint(
      'ContractWithoutScopes',
      'declares no scope, so no access token could be limited to this server: declare one in the Rust server and print the contract again',
    );
  }
  const scopeNames = document.scopes.map((item) => item.name);
  const awsResourceNames = document.resources.map((item) => item.name);
  const appNames = (document.apps ?? []).map((item) => item.name);
  const settingNames = document.settings.map((item) => item.name);
  const assertDeclared = (identifier: string, known: string[], name: string, use: string, declare = 'declare it') => {
    if (!known.includes(name)) {
      throw complaint(identifier, `has ${use} ${name}: ${declare} in the Rust server, or use one of ${list(known)}`);
    }
  };
  for (const scope of document.scopes) {
    for (const name of scope.includes ?? []) {
      const use = `scope ${scope.name} that includes the undeclared scope`;
      assertDeclared('ScopeIncludeUnknown', scopeNames, name, use);
    }
  }
  assertNoCycle(document.scopes, complaint);
  for (const tool of document.tools) {
    if (tool.scopes.length === 0) {
      throw complaint(
        'ToolWithoutScope',
        `has tool ${tool.name} without a scope: name one of ${list(scopeNames)} at the tool in the Rust server and print the contract again`,
      );
    }
    for (const name of tool.scopes) {
      assertDeclared('ToolScopeUnknown', scopeNames, name, `tool ${tool.name} with the undeclared scope`);
    }
    if (tool.app != null) {
      assertDeclared('ToolAppUnknown', appNames, tool.app, `tool ${tool.name} with the undeclared MCP App`);
    }
    for (const { resource } of tool.awsActions) {
      const use = `tool ${tool.name} with actions on the undeclared AWS resource`;
      assertDeclared('ToolAwsResourceUnknown', awsResourceNames, resource, use);
    }
    const wildcard = tool.awsActions.flatMap((item) => item.actions).find((item) => item.includes('*'));
    if (wildcard !== undefined) {
      throw complaint(
        'AwsActionNotExact',
        `has tool ${tool.name} with the action ${wildcard}: name each action that the tool calls, without a wildcard`,
      );
    }
  }
  for (const { name, setting } of document.resources) {
    const use = `AWS resource ${name} with the undeclared setting`;
    assertDeclared('AwsResourceSettingUnknown', settingNames, setting, use, 'declare the setting');
  }
}

function assertNoCycle(scopes: ContractScope[], complaint: Complaint): void {
  const walk = (path: string[]): void => {
    for (const name of scopes.find((item) => item.name === path.at(-1))?.includes ?? []) {
      if (path.includes(name)) {
        const cycle = [...path.slice(path.indexOf(name)), name];
        throw complaint(
          'ScopeIncludeCycle',
          `has scope ${name} that includes itself, ${cycle.join(' > ')}: take one of these inclusions out in the Rust server and print the contract again`,
        );
      }
      walk([...path, name]);
    }
  };
  scopes.forEach((item) => walk([item.name]));
}
