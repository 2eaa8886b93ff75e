import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Duration, Fn, Lazy } from 'aws-cdk-lib';
import { McpContract, McpFront, McpScope } from '../../lib';
import { misfitOf } from '../../lib/contract/private/schema';
import { CONTRACT_SCHEMA } from '../../lib/generated/contract-schema';
import { everySetting, facts, fixture, only, synthesizeServer, withSpans } from '../synthesis';

const directory = mkdtempSync(join(tmpdir(), 'contract-'));
after(() => rmSync(directory, { recursive: true }));

/** Writes a changed copy of a fixture and reads it as a contract; `FILE` in the expected message stands for its path. */
function read(change: (contract: any) => void, name = 'two-scopes.contract.json'): () => McpContract {
  const contract = JSON.parse(readFileSync(fixture(name), 'utf8'));
  change(contract);
  const path = join(directory, 'contract.json');
  writeFileSync(path, JSON.stringify(contract));
  return () => McpContract.fromFile(path);
}

const message = (text: string) => ({ message: text.replace('FILE', join(directory, 'contract.json')) });

describe('McpContract', () => {
  test('reads names, title and scopes', () => {
    const contract = read(() => undefined)();
    assert.equal(contract.serverName, 'notes');
    assert.equal(contract.serverTitle, 'Notes');
    assert.deepEqual(contract.scopeNames, ['read', 'write']);
  });

  test('takes every scope name that Cognito takes, and a sign-in asks for it as it is', () => {
    const contract = read(
      (each) => (each.scopes[0].name = each.tools[0].scopes[0] = each.tools[1].scopes[0] = 'a!b+c&d%'),
    )();
    assert.deepEqual(contract.scopeNames, ['a!b+c&d%', 'write']);
    synthesizeServer({ contract, front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }) }, (server) => {
      assert.deepEqual(server.oauthScopes, [
        'https://mcp.example.com/mcp/a!b+c&d%',
        'https://mcp.example.com/mcp/write',
      ]);
      assert.match(
        server.signInUrl,
        /&scope=https:\/\/mcp\.example\.com\/mcp\/a!b%2Bc%26d%25\+https:\/\/mcp\.example\.com\/mcp\/write&/,
      );
    });
  });

  test('names only the lines of the app in the stack of an error', () => {
    assert.throws(
      () => McpContract.fromFile('no/contract.json'),
      ({ stack = '' }: Error) => {
        assert.match(stack, /^Error: .*\n +at .*contract\.test\.ts/s);
        assert.doesNotMatch(stack, /node_modules|node:/);
        return true;
      },
    );
  });

  test('fails when the file does not exist', () => {
    assert.throws(() => McpContract.fromFile('no/contract.json'), {
      message:
        "contract file no/contract.json does not exist: print it with the server's contract command, for example `cargo run -p dog-facts -- contract > contract.json` (ContractFileMissing)",
    });
  });

  test('fails when the file is not JSON', () => {
    const path = join(directory, 'contract.json');
    writeFileSync(path, 'contract: 1');
    assert.throws(
      () => McpContract.fromFile(path),
      (error: Error) => {
        assert.ok(error.message.startsWith(`contract file ${path} is not JSON, `), error.message);
        assert.ok(
          error.message.endsWith(
            ": print it with the server's contract command, for example `cargo run -p dog-facts -- contract > contract.json` (ContractNotJson)",
          ),
          error.message,
        );
        return true;
      },
    );
  });

  const complaints: [title: string, change: (contract: any) => void, text: string, name?: string][] = [
    [
      'of another version',
      (contract) => (contract.contractVersion = 4),
      'contract file FILE has contractVersion 4 and this library reads 1 to 3: use the mcp-lambda crate and the mcp-lambda-cdk package of the same release (ContractVersionUnsupported)',
    ],
    [
      'that lets its own work wait for longer than Lambda does',
      (contract) => (contract.selfInvocation = { maximumEventAgeSeconds: 21601, retryAttempts: 2 }),
      "contract file FILE has selfInvocation.maximumEventAgeSeconds = 21601 and needs a whole number from 60 to 21600: print the contract again with the server's contract command (ContractMemberInvalid)",
    ],
    [
      'with a method that its endpoint does not have',
      (contract) => (contract.endpointMethods = ['GET', 'PUT']),
      'contract file FILE has endpointMethods[1] = "PUT" and needs one of DELETE, GET: print the contract again with the server\'s contract command (ContractMemberInvalid)',
    ],
    [
      'with a request header that no argument travels in',
      (contract) => (contract.requestHeaders = ['Mcp-Param-Region', 'Cookie']),
      'contract file FILE has requestHeaders[1] = "Cookie" and needs a string that matches ^Mcp-Param-[A-Za-z0-9!#$%&*+.^_`|~-]+$: print the contract again with the server\'s contract command (ContractMemberInvalid)',
    ],
    [
      'without a name',
      (contract) => delete contract.server.name,
      "contract file FILE has server.name = nothing and needs a non-empty string: print the contract again with the server's contract command (ContractMemberInvalid)",
    ],
    [
      'with a name that command lines and Cognito refuse',
      (contract) => (contract.server.name = 'my notes'),
      'contract file FILE has server.name = "my notes" and needs a string that matches ^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$: print the contract again with the server\'s contract command (ContractMemberInvalid)',
    ],
    [
      'with a scope name that Cognito refuses',
      (contract) => (contract.scopes[1].name = 'notes/write'),
      'contract file FILE has scopes[1].name = "notes/write" and needs 1 to 256 characters of printable ASCII without space, quote, backslash or slash: print the contract again with the server\'s contract command (ContractMemberInvalid)',
    ],
    [
      'with a scope that includes an undeclared one',
      (contract) => (contract.scopes[1].includes = ['read', 'list']),
      'contract file FILE has scope write that includes the undeclared scope list: declare it in the Rust server, or use one of read, write (ScopeIncludeUnknown)',
    ],
    [
      'with scopes that include each other',
      (contract) => {
        contract.scopes[0].includes = ['write'];
        contract.scopes[1].includes = ['read'];
      },
      'contract file FILE has scope read that includes itself, read > write > read: take one of these inclusions out in the Rust server and print the contract again (ScopeIncludeCycle)',
    ],
    [
      'with a setting of an unknown type',
      (contract) => (contract.settings[0].type = 'float'),
      'contract file FILE has settings[0].type = "float" and needs one of string, url, integer, boolean, duration, list: print the contract again with the server\'s contract command (ContractMemberInvalid)',
      'settings.contract.json',
    ],
    [
      'with a duration without a unit',
      (contract) => (contract.settings[4].unit = null),
      "contract file FILE has settings[4].unit = null and needs one of ms, s: print the contract again with the server's contract command (ContractMemberInvalid)",
      'settings.contract.json',
    ],
    [
      'without scopes',
      (contract) => Object.assign(contract, { scopes: [], tools: [] }),
      'contract file FILE declares no scope, so no access token could be limited to this server: declare one in the Rust server and print the contract again (ContractWithoutScopes)',
    ],
    [
      'with a tool without a scope',
      (contract) => (contract.tools[0].scopes = []),
      'contract file FILE has tool readNote without a scope: name one of read, write at the tool in the Rust server and print the contract again (ToolWithoutScope)',
    ],
    [
      'with a tool of an undeclared scope',
      (contract) => (contract.tools[1].scopes = ['delete']),
      'contract file FILE has tool writeNote with the undeclared scope delete: declare it in the Rust server, or use one of read, write (ToolScopeUnknown)',
    ],
    [
      'with a tool of an undeclared MCP App',
      (contract) => {
        contract.apps = [{ name: 'cards', uri: 'ui://notes/cards' }];
        contract.tools[1].app = 'graph';
      },
      'contract file FILE has tool writeNote with the undeclared MCP App graph: declare it in the Rust server, or use one of cards (ToolAppUnknown)',
    ],
    [
      'with a tool of an undeclared AWS resource',
      (contract) => (contract.tools[0].awsActions[0].resource = 'tables'),
      'contract file FILE has tool readCounter with actions on the undeclared AWS resource tables: declare it in the Rust server, or use one of counters (ToolAwsResourceUnknown)',
      'counter.contract.json',
    ],
    [
      'with a wildcard in an action',
      (contract) => (contract.tools[0].awsActions[0].actions = ['dynamodb:*']),
      'contract file FILE has tool readCounter with the action dynamodb:*: name each action that the tool calls, without a wildcard (AwsActionNotExact)',
      'counter.contract.json',
    ],
    [
      'with an AWS resource of an undeclared setting',
      (contract) => (contract.settings = []),
      'contract file FILE has AWS resource counters with the undeclared setting COUNTER_TABLE: declare the setting in the Rust server, or use one of (none) (AwsResourceSettingUnknown)',
      'counter.contract.json',
    ],
  ];
  for (const [title, change, text, name] of complaints) {
    test(`fails ${title}`, () => {
      assert.throws(read(change, name), message(text));
    });
  }
});

describe('McpScope', () => {
  test('is of a contract, or of a name', () => {
    const contract = read(() => undefined)();
    assert.equal(McpScope.fromContract(contract, 'write').scopeName, 'write');
    assert.equal(McpScope.named('write').scopeName, 'write');
  });

  test('fails when the contract does not have it', () => {
    assert.throws(() => McpScope.fromContract(read(() => undefined)(), 'delete'), {
      message: "scopeName is delete and needs at least one of the contract's scopes: use read, write (ScopeUnknown)",
    });
  });

  test('fails when no server can have it', () => {
    assert.throws(() => McpScope.named('notes/write'), {
      message: 'scopeName is "notes/write" and takes visible ASCII without /, " and \\: correct it (ScopeNameInvalid)',
    });
  });
});

describe('the schema of contracts', () => {
  /** The keywords of a schema, those of its parts included. */
  const keywords = (schema: unknown): string[] =>
    Array.isArray(schema)
      ? schema.flatMap(keywords)
      : typeof schema !== 'object' || schema === null
        ? []
        : Object.entries(schema).flatMap(([keyword, value]) => [
            keyword,
            ...(['properties', '$defs'].includes(keyword) ? Object.values(value).flatMap(keywords) : keywords(value)),
          ]);

  test('has no keyword that the reader does not know', () => {
    const known = [
      '$defs',
      '$ref',
      'anyOf',
      'const',
      'enum',
      'if',
      'items',
      'maximum',
      'minLength',
      'minimum',
      'oneOf',
      'pattern',
      'properties',
      'required',
      'then',
      'title',
      'type',
    ];
    assert.deepEqual(
      [...new Set(keywords(CONTRACT_SCHEMA))].filter((keyword) => !known.includes(keyword)),
      [],
    );
  });

  test('refuses what is no object, and a value that is missing', () => {
    for (const [document, misfit] of [
      [[], { at: '', value: [], expected: 'an object' }],
      [{ list: [{}] }, { at: 'list[0].any', value: undefined, expected: 'a value' }],
      [{ list: [{ any: null, text: 7 }] }, { at: 'list[0].text', value: 7, expected: 'a string' }],
      [
        { list: [{ any: 1, text: null, flag: 'yes' }] },
        { at: 'list[0].flag', value: 'yes', expected: 'true or false' },
      ],
      [{ list: {} }, { at: 'list', value: {}, expected: 'an array' }],
      [{ list: [{ any: 1, text: '', flag: true, more: 1 }] }, undefined],
    ] as const) {
      const item = {
        type: 'object',
        properties: { any: {}, text: { type: ['string', 'null'] }, flag: { type: 'boolean' } },
        required: ['any'],
      };
      assert.deepEqual(
        misfitOf({ type: 'object', properties: { list: { type: 'array', items: item } } }, document),
        misfit,
      );
    }
  });
});

describe('settings', () => {
  const environment = (settings: Record<string, any>) => {
    const all: Record<string, unknown> = only(
      synthesizeServer({ contract: everySetting(), settings }),
      'AWS::Lambda::Function',
    ).properties.Environment.Variables;
    return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('MCP_')));
  };

  test('of every type become the text that the server parses', () => {
    assert.deepEqual(
      environment({
        A_STRING: 'text',
        A_URL: 'https://b.example/v2',
        AN_INTEGER: 42,
        A_BOOLEAN: false,
        A_DURATION_MS: Duration.seconds(3),
        A_DURATION_S: Duration.minutes(2),
        A_LIST: ['a', 'b'],
      }),
      {
        A_STRING: 'text',
        A_URL: 'https://b.example/v2',
        AN_INTEGER: '42',
        A_BOOLEAN: 'false',
        A_DURATION_MS: '3000',
        A_DURATION_S: '120',
        A_LIST: 'a,b',
      },
    );
  });

  test('that are left out are not sent, so that the Rust server owns their defaults', () => {
    assert.deepEqual(environment({ A_STRING: 'text' }), { A_STRING: 'text' });
  });

  test('do not fail for unresolved tokens', () => {
    assert.deepEqual(
      environment({
        A_STRING: Fn.ref('AWS::Region'),
        A_URL: Fn.ref('AWS::Region'),
        AN_INTEGER: Lazy.number({ produce: () => 7 }),
        A_LIST: Fn.split('-', Fn.ref('AWS::Region')),
      }),
      {
        A_STRING: { Ref: 'AWS::Region' },
        A_URL: { Ref: 'AWS::Region' },
        AN_INTEGER: '7',
        A_LIST: { 'Fn::Join': [',', { 'Fn::Split': ['-', { Ref: 'AWS::Region' }] }] },
      },
    );
  });

  test('fail when the server does not know one', () => {
    assert.throws(() => synthesizeServer({ settings: { DOG_API_TIMEOUT: 5 } }), {
      message:
        'settings.DOG_API_TIMEOUT is not a setting of dog-facts, which has DOG_API_BASE_URL, DOG_API_TIMEOUT_MS: correct the name, or print the contract again (SettingUnknown)',
    });
  });

  test('of OpenTelemetry are for servers that declare spans', () => {
    const settings = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_EXPORTER_OTLP_TIMEOUT: Duration.seconds(2),
      OTEL_PROPAGATORS: ['tracecontext', 'xray-lambda'],
    };
    const { Variables } = only(synthesizeServer({ contract: withSpans(), settings }), 'AWS::Lambda::Function')
      .properties.Environment;
    assert.deepEqual(Object.fromEntries(Object.entries(Variables).filter(([name]) => name.startsWith('OTEL_'))), {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
      OTEL_PROPAGATORS: 'tracecontext,xray-lambda',
    });
    assert.throws(
      () => synthesizeServer({ contract: facts(), settings }),
      /settings\.OTEL_EXPORTER_OTLP_ENDPOINT is not a setting of dog-facts/,
    );
  });

  test('fail when a required one is missing', () => {
    assert.throws(() => synthesizeServer({ contract: everySetting() }), {
      message: 'settings.A_STRING is required by settings and not set: add it to settings (SettingMissing)',
    });
  });

  test('fail when the deployment decides one', () => {
    assert.throws(() => synthesizeServer({ contract: facts(), settings: { MCP_RESOURCE: 'https://a.example/mcp' } }), {
      message: 'settings.MCP_RESOURCE is set by McpServer from the deployment: remove it (SettingOwnedByMcpServer)',
    });
  });

  test('fail when one does nothing on Lambda', () => {
    assert.throws(() => synthesizeServer({ contract: everySetting(), settings: { MCP_LISTEN: '127.0.0.1:1' } }), {
      message:
        'settings.MCP_LISTEN is read in plain HTTP mode only and would do nothing on Lambda: remove it (SettingNotOnLambda)',
    });
  });

  const misfits: [name: string, value: any, text: string][] = [
    ['A_STRING', 5, 'settings.A_STRING is 5 and needs a string'],
    ['A_STRING', Duration.seconds(1), 'settings.A_STRING is a Duration and needs a string'],
    ['A_URL', 'ftp://b.example', 'settings.A_URL is "ftp://b.example" and needs an http or https URL'],
    ['AN_INTEGER', 1.5, 'settings.AN_INTEGER is 1.5 and needs a whole number'],
    ['AN_INTEGER', '', 'settings.AN_INTEGER is "" and needs a whole number'],
    ['A_BOOLEAN', 'yes', 'settings.A_BOOLEAN is "yes" and needs true or false'],
    ['A_DURATION_MS', '5s', 'settings.A_DURATION_MS is "5s" and needs a Duration, or a whole number of milliseconds'],
    ['A_DURATION_S', -1, 'settings.A_DURATION_S is -1 and needs a Duration, or a whole number of seconds'],
    ['A_LIST', ['a,b'], 'settings.A_LIST is ["a,b"] and needs an array of strings without commas'],
  ];
  for (const [name, value, text] of misfits) {
    test(`fail when ${text.slice('settings.'.length)}`, () => {
      assert.throws(() => environment({ A_STRING: 'text', [name]: value }), {
        message: `${text} (SettingTypeMismatch)`,
      });
    });
  }
});
