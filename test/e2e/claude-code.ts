/** Claude Code as a person has it: its own home, no account, the model played by a stand-in. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { patience } from './patience.ts';
import { removeDirectory } from './remove-directory.ts';
import { inTerminal } from './terminal.ts';

const executable = fileURLToPath(new URL('../node_modules/.bin/claude', import.meta.url));

/** The model's stand-in takes any. */
const apiKey = 'not-a-key';

/** Its Client ID Metadata Document, which the authorization server fetches. */
export const clientDocument = {
  client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
  client_name: 'Claude Code',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
};

/** What one run of the command printed. */
export interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** What it keeps of one sign-in. */
export interface SignIn {
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface Credentials {
  readonly mcpOAuth?: Record<string, SignIn>;
}

/** One installation of Claude Code with an empty home directory. */
export class ClaudeCode {
  readonly #home = mkdtempSync(join(tmpdir(), 'claude-code-'));
  readonly #credentialsFile = join(this.#home, '.claude', '.credentials.json');

  constructor(private readonly messagesApiUrl: string) {}

  /** Runs `claude` with these arguments to its end; one that hangs is ended. */
  async run(args: readonly string[]): Promise<Run> {
    const child = this.#spawn(executable, args);
    // It would wait some seconds for something to be piped in.
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    const output = collect(child);
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    clearTimeout(timer);
    return { status, output: output() };
  }

  /**
   * Runs `claude mcp login NAME --no-browser` and hands the printed authorization URL to `visit`, which plays the
   * person in the browser and ends at Claude Code's own callback listener.
   */
  async login(name: string, visit: (authorizationUrl: URL) => Promise<void>): Promise<Run> {
    const child = this.#spawn(...inTerminal(executable, ['mcp', 'login', name, '--no-browser']));
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    const output = collect(child);
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    try {
      await visit(await printedUrl(child, output));
      return { status: await closed, output: output() };
    } finally {
      clearTimeout(timer);
      child.kill('SIGKILL');
    }
  }

  /**
   * Opens it as a person does, in a terminal, asks `prompt`, and gives what it has shown so far to `look` as it changes,
   * until that returns true. Servers connect beside the conversation: as long as it answers without tools, it is asked again.
   */
  async converse(args: readonly string[], prompt: string, look: (shown: string) => boolean): Promise<void> {
    this.#skipWelcome();
    const child = this.#spawn(...inTerminal(executable, [...args, '--', prompt], 200));
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    const output = collect(child);
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    let unaided = 0;
    try {
      await new Promise<void>((resolve, reject) => {
        child.stdout?.on('data', () => {
          const shown = plain(output());
          const answers = shown.split('The tool answered: "nothing"').length - 1;
          if (answers > unaided) child.stdin?.write(`${prompt}\r`);
          unaided = answers;
          if (look(shown)) resolve();
        });
        child.once('close', () => reject(new Error(`claude ended: ${plain(output()).slice(-2000)}`)));
      });
    } finally {
      clearTimeout(timer);
      child.kill('SIGKILL');
      await closed;
    }
  }

  /** Answers what it asks on its first start: to trust this directory, and the key of the model. */
  #skipWelcome(): void {
    const file = join(this.#home, '.claude.json');
    const configuration = JSON.parse(readFileSync(file, 'utf8')) as { projects: Record<string, object> };
    const projects = Object.entries(configuration.projects).map(([directory, project]) => [
      directory,
      { ...project, hasTrustDialogAccepted: true },
    ]);
    const welcomed = {
      hasCompletedOnboarding: true,
      customApiKeyResponses: { approved: [apiKey], rejected: [] },
      projects: Object.fromEntries(projects),
    };
    writeFileSync(file, JSON.stringify({ ...configuration, ...welcomed }));
  }

  /** Puts a shell script into its home; gives where. */
  script(text: string): string {
    const path = join(this.#home, 'helper.sh');
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o700 });
    return path;
  }

  /** What it has stored of the one server that it knows; undefined when it has nothing to sign in with. */
  signIn(): SignIn | undefined {
    const stored = this.#credentials().mcpOAuth ?? {};
    return Object.values(stored)[0];
  }

  /** Lets it find its access token expired and worthless, as on the next day. */
  forgetAccessToken(): void {
    const credentials = this.#credentials();
    for (const signIn of Object.values(credentials.mcpOAuth ?? {}))
      Object.assign(signIn, { accessToken: 'expired', expiresAt: 1 });
    writeFileSync(this.#credentialsFile, JSON.stringify(credentials));
  }

  #credentials(): Credentials {
    return JSON.parse(readFileSync(this.#credentialsFile, 'utf8')) as Credentials;
  }

  /** Forgets the home directory with every credential in it. */
  remove(): Promise<void> {
    return removeDirectory(this.#home);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn(program, args, {
      cwd: this.#home,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: this.#home,
        ANTHROPIC_BASE_URL: this.messagesApiUrl,
        ANTHROPIC_API_KEY: apiKey,
        TERM: 'xterm-256color',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        // Otherwise tools are fetched on demand by a model that knows how, and connecting is not waited for.
        ENABLE_TOOL_SEARCH: 'false',
        MCP_CONNECTION_NONBLOCKING: 'false',
      },
    });
  }
}

/** What a terminal was sent, without the movements of its cursor. */
function plain(text: string): string {
  return text
    .replace(/\x1b\][^\x07]*\x07/g, '')
    .replace(/\x1b\[[0-9;?<>=]*[a-zA-Z]/g, ' ')
    .replace(/\s+/g, ' ');
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return () => text;
}

function printedUrl(child: ChildProcess, output: () => string): Promise<URL> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = /https?:\/\/[^\s\x07\x1b]+code_challenge=[^\s\x07\x1b]+/.exec(output());
      if (found !== null) resolve(new URL(found[0]));
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('close', (status) =>
      reject(new Error(`claude mcp login ended with status ${status} before it printed a URL: ${output()}`)),
    );
  });
}
