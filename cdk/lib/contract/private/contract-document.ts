import { existsSync, readFileSync } from 'node:fs';
import { assertKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/**
 * The contract versions that this library reads. `selfInvocation` exists from version 2 on, `endpointMethods` from
 * version 3 on.
 */
const CONTRACT_VERSIONS = [1, 2, 3];

/** Names appear in command lines (`claude mcp add … <name>`) and in Cognito, which allow few characters. */
const SERVER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** Cognito's rule for scope names, less the characters that a challenge cannot carry. */
const SCOPE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,255}$/;

/** Headers that repeat an argument of a tool (`x-mcp-header`), less the apostrophe, which API Gateway quotes values with. */
const PARAMETER_HEADER = /^Mcp-Param-[A-Za-z0-9!#$%&*+.^_`|~-]+$/;

export type SettingType = 'string' | 'url' | 'integer' | 'boolean' | 'duration' | 'list';

/** An environment variable that the server's binary reads. */
export interface ContractSetting {
  readonly name: string;
  readonly type: SettingType;
  readonly required: boolean;
  readonly unit?: 'ms' | 's';
  readonly owner: 'mcp-lambda' | 'server';
}

/** AWS actions that a tool needs on one of the contract's AWS resources. */
export interface ContractAwsActions {
  readonly actions: string[];
  readonly awsResource: string;
}

export interface ContractTool {
  readonly name: string;
  readonly scopeNames: string[];
  readonly awsActions: ContractAwsActions[];
}

/** An AWS resource that the server asks for, and the setting that gets its name. */
export interface ContractAwsResource {
  readonly name: string;
  readonly type: 'dynamodbTable';
  readonly setting: string;
}

/** The function continues its own work in asynchronous invocations of itself. */
export interface ContractSelfInvocation {
  readonly maximumEventAgeSeconds: number;
  readonly retryAttempts: number;
}

export interface ContractScope {
  readonly name: string;
  readonly description: string;
  /** Names of other scopes: an access token with this one counts as having those too. */
  readonly includes: string[];
}

/** What a server's binary prints with its `contract` command, as far as the constructs use it. */
export interface ContractDocument {
  readonly serverName: string;
  readonly serverTitle: string;
  readonly scopes: ContractScope[];
  readonly tools: ContractTool[];
  readonly awsResources: ContractAwsResource[];
  readonly selfInvocation?: ContractSelfInvocation;
  /** HTTP methods besides POST that the server supports. */
  readonly endpointMethods: string[];
  /** Request headers that clients must send for arguments of the tools. */
  readonly requestHeaders: string[];
  readonly settings: ContractSetting[];
}

/** Reads and checks a contract file. Members that the constructs do not use are ignored. */
export function readContract(path: string): ContractDocument {
  const mend = 'print it with the server\'s contract command, for example `cargo run -p dog-facts -- contract > contract.json`';
  assertKnown(path, 'path of the contract file', 'give the path of a file');
  if (!existsSync(path)) {
    throw synthError('ContractFileMissing', `contract file ${path} does not exist: ${mend}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw synthError('ContractNotJson', `contract file ${path} is not JSON, ${(error as Error).message}: ${mend}`);
  }
  const reader = new ContractReader(path);
  const document = reader.document(json);
  reader.checkReferences(document);
  return document;
}

/** Parses untyped JSON into the types above; every error names the file and the member. */
class ContractReader {
  constructor(private readonly path: string) {}

  document(json: unknown): ContractDocument {
    const root = this.object(json, 'the contract');
    if (!CONTRACT_VERSIONS.includes(root.contractVersion as number)) {
      throw this.complaint(
        'ContractVersionUnsupported',
        `has contractVersion ${JSON.stringify(root.contractVersion)} and this library reads ${CONTRACT_VERSIONS[0]} to ${CONTRACT_VERSIONS.at(-1)}: use the mcp-lambda crate and the mcp-lambda-cdk package of the same release`,
      );
    }
    const server = this.object(root.server, 'server');
    return {
      serverName: this.matching(server.name, 'server.name', SERVER_NAME),
      serverTitle: this.string(server.title, 'server.title'),
      scopes: this.array(root.scopes, 'scopes').map((item, index) => this.scopeOf(item, `scopes[${index}]`)),
      tools: this.array(root.tools, 'tools').map((item, index) => this.toolOf(item, `tools[${index}]`)),
      selfInvocation: root.selfInvocation === undefined || root.selfInvocation === null ? undefined : this.selfInvocationOf(root.selfInvocation, 'selfInvocation'),
      endpointMethods: this.array(root.endpointMethods ?? [], 'endpointMethods').map((item, index) => this.oneOf(item, `endpointMethods[${index}]`, ['DELETE', 'GET'] as const)),
      requestHeaders: this.array(root.requestHeaders ?? [], 'requestHeaders').map((item, index) => this.matching(item, `requestHeaders[${index}]`, PARAMETER_HEADER)),
      awsResources: this.array(root.resources, 'resources').map((item, index) => this.awsResourceOf(item, `resources[${index}]`)),
      settings: this.array(root.settings, 'settings').map((item, index) => this.settingOf(item, `settings[${index}]`)),
    };
  }

  /** Checks the references between the parts of a contract. */
  checkReferences(document: ContractDocument): void {
    if (document.scopes.length === 0) {
      throw this.complaint('ContractWithoutScopes', 'declares no scope, so no access token could be limited to this server: declare one in the Rust server and print the contract again');
    }
    const scopeNames = document.scopes.map((item) => item.name);
    const awsResourceNames = document.awsResources.map((item) => item.name);
    const settingNames = document.settings.map((item) => item.name);
    for (const scope of document.scopes) {
      for (const name of scope.includes.filter((item) => !scopeNames.includes(item))) {
        throw this.complaint('ScopeIncludeUnknown', `has scope ${scope.name} that includes the undeclared scope ${name}: declare it in the Rust server, or use one of ${list(scopeNames)}`);
      }
    }
    this.checkCycles(document.scopes);
    for (const tool of document.tools) {
      if (tool.scopeNames.length === 0) {
        throw this.complaint('ToolWithoutScope', `has tool ${tool.name} without a scope: name one of ${list(scopeNames)} at the tool in the Rust server and print the contract again`);
      }
      for (const name of tool.scopeNames.filter((item) => !scopeNames.includes(item))) {
        throw this.complaint('ToolScopeUnknown', `has tool ${tool.name} with the undeclared scope ${name}: declare it in the Rust server, or use one of ${list(scopeNames)}`);
      }
      for (const need of tool.awsActions.filter((item) => !awsResourceNames.includes(item.awsResource))) {
        throw this.complaint('ToolAwsResourceUnknown', `has tool ${tool.name} with actions on the undeclared AWS resource ${need.awsResource}: declare it in the Rust server, or use one of ${list(awsResourceNames)}`);
      }
      for (const action of tool.awsActions.flatMap((item) => item.actions).filter((item) => item.includes('*'))) {
        throw this.complaint('AwsActionNotExact', `has tool ${tool.name} with the action ${action}: name each action that the tool calls, without a wildcard`);
      }
    }
    for (const item of document.awsResources.filter((each) => !settingNames.includes(each.setting))) {
      throw this.complaint('AwsResourceSettingUnknown', `has AWS resource ${item.name} with the undeclared setting ${item.setting}: declare the setting in the Rust server, or use one of ${list(settingNames)}`);
    }
  }

  private checkCycles(scopes: ContractScope[]): void {
    const walk = (path: string[]): void => {
      for (const name of scopes.find((item) => item.name === path.at(-1))?.includes ?? []) {
        if (path.includes(name)) {
          const cycle = [...path.slice(path.indexOf(name)), name];
          throw this.complaint('ScopeIncludeCycle', `has scope ${name} that includes itself, ${cycle.join(' > ')}: take one of these inclusions out in the Rust server and print the contract again`);
        }
        walk([...path, name]);
      }
    };
    scopes.forEach((item) => walk([item.name]));
  }

  private scopeOf(json: unknown, at: string): ContractScope {
    const item = this.object(json, at);
    return {
      name: this.matching(item.name, `${at}.name`, SCOPE_NAME),
      description: this.string(item.description, `${at}.description`),
      includes: item.includes === undefined ? [] : this.strings(item.includes, `${at}.includes`),
    };
  }

  private toolOf(json: unknown, at: string): ContractTool {
    const item = this.object(json, at);
    return {
      name: this.string(item.name, `${at}.name`),
      scopeNames: this.strings(item.scopes, `${at}.scopes`),
      awsActions: this.array(item.awsActions, `${at}.awsActions`).map((each, index) => {
        const needs = this.object(each, `${at}.awsActions[${index}]`);
        return {
          actions: this.strings(needs.actions, `${at}.awsActions[${index}].actions`),
          awsResource: this.string(needs.resource, `${at}.awsActions[${index}].resource`),
        };
      }),
    };
  }

  private awsResourceOf(json: unknown, at: string): ContractAwsResource {
    const item = this.object(json, at);
    return {
      name: this.string(item.name, `${at}.name`),
      type: this.oneOf(item.type, `${at}.type`, ['dynamodbTable'] as const),
      setting: this.string(item.setting, `${at}.setting`),
    };
  }

  private selfInvocationOf(json: unknown, at: string): ContractSelfInvocation {
    const item = this.object(json, at);
    return {
      maximumEventAgeSeconds: this.wholeNumber(item.maximumEventAgeSeconds, `${at}.maximumEventAgeSeconds`, 60, 21600),
      retryAttempts: this.wholeNumber(item.retryAttempts, `${at}.retryAttempts`, 0, 2),
    };
  }

  private settingOf(json: unknown, at: string): ContractSetting {
    const item = this.object(json, at);
    const type = this.oneOf(item.type, `${at}.type`, ['string', 'url', 'integer', 'boolean', 'duration', 'list'] as const);
    return {
      name: this.string(item.name, `${at}.name`),
      type,
      required: this.boolean(item.required, `${at}.required`),
      unit: type === 'duration' ? this.oneOf(item.unit, `${at}.unit`, ['ms', 's'] as const) : undefined,
      owner: this.oneOf(item.owner, `${at}.owner`, ['mcp-lambda', 'server'] as const),
    };
  }

  private object(json: unknown, at: string): Record<string, unknown> {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw this.misfit(at, json, 'an object');
    }
    return json as Record<string, unknown>;
  }

  private array(json: unknown, at: string): unknown[] {
    if (!Array.isArray(json)) {
      throw this.misfit(at, json, 'an array');
    }
    return json;
  }

  private strings(json: unknown, at: string): string[] {
    return this.array(json, at).map((item, index) => this.string(item, `${at}[${index}]`));
  }

  private string(json: unknown, at: string): string {
    if (typeof json !== 'string' || json === '') {
      throw this.misfit(at, json, 'a non-empty string');
    }
    return json;
  }

  private wholeNumber(json: unknown, at: string, least: number, most: number): number {
    if (!Number.isInteger(json) || (json as number) < least || (json as number) > most) {
      throw this.misfit(at, json, `a whole number from ${least} to ${most}`);
    }
    return json as number;
  }

  private boolean(json: unknown, at: string): boolean {
    if (typeof json !== 'boolean') {
      throw this.misfit(at, json, 'true or false');
    }
    return json;
  }

  private matching(json: unknown, at: string, pattern: RegExp): string {
    const value = this.string(json, at);
    if (!pattern.test(value)) {
      throw this.misfit(at, json, `a string that matches ${pattern.source}`);
    }
    return value;
  }

  private oneOf<T extends string>(json: unknown, at: string, allowed: readonly T[]): T {
    if (!allowed.includes(json as T)) {
      throw this.misfit(at, json, allowed.length === 1 ? JSON.stringify(allowed[0]) : `one of ${list(allowed)}`);
    }
    return json as T;
  }

  private misfit(at: string, value: unknown, expected: string): Error {
    return this.complaint('ContractMemberInvalid', `has ${at} = ${JSON.stringify(value) ?? 'nothing'} and needs ${expected}: print the contract again with the server's contract command`);
  }

  private complaint(identifier: string, message: string): Error {
    return synthError(identifier, `contract file ${this.path} ${message}`);
  }
}

/** A list for an error message. */
export function list(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.join(', ');
}
