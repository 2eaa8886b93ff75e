/** The clients as a person has them: installed from npm, called by the commands that `connectCommand` writes, with a home of their own. */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { patience } from '../patience.ts';
import { removeDirectory } from '../remove-directory.ts';
import { inTerminal } from '../terminal.ts';

const packagesHere = fileURLToPath(new URL('node_modules', import.meta.url));

/** Somebody's machine with one client on it. */
export class Installation {
  // Codex refuses a home below the folder for temporary files.
  readonly #home = mkdtempSync(join(homedir(), '.mcp-client-'));
  readonly #running = new Set<ChildProcess>();

  /** @param packages where the client was installed */
  constructor(
    private readonly variables: Readonly<Record<string, string>> = {},
    private readonly packages = packagesHere,
  ) {
    // `npx` looks here before it would install a package.
    symlinkSync(this.packages, join(this.#home, 'node_modules'));
  }

  /** The variables that a program is started with: no browser opens by itself. */
  get environment(): Record<string, string> {
    const path = [join(this.packages, '.bin'), process.env.PATH ?? ''].join(delimiter);
    return { PATH: path, HOME: this.#home, NO_COLOR: '1', BROWSER: 'true', NO_BROWSER: 'true', ...this.variables };
  }

  /** Where the home is. */
  get home(): string {
    return this.#home;
  }

  /** Writes a file of the client's settings. */
  configure(path: string, text: string): void {
    const file = join(this.#home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Whether a client has written this file. */
  has(path: string): boolean {
    return existsSync(join(this.#home, path));
  }

  /** Types `command` into a shell in a terminal. */
  type(command: string): Typed {
    const child = spawn(...inTerminal('sh', ['-c', command]), {
      cwd: this.#home,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: this.environment,
    });
    this.#running.add(child);
    child.once('close', () => this.#running.delete(child));
    return new Typed(command, child);
  }

  /** Ends what still runs, and throws the home away. */
  async leave(): Promise<void> {
    const ended = [...this.#running].map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of this.#running) child.kill('SIGKILL');
    await Promise.all(ended);
    await removeDirectory(this.#home);
  }
}

/** A command that was typed. */
export class Typed {
  #output = '';
  readonly #status: Promise<number | null>;

  constructor(
    private readonly command: string,
    private readonly child: ChildProcess,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    this.#status = new Promise((resolve) => child.once('close', resolve));
    child.once('close', () => clearTimeout(timer));
  }

  /** Waits for it to show `wanted`, and gives the match. */
  async shows(wanted: RegExp): Promise<RegExpExecArray> {
    let over = false;
    void this.#status.then(() => (over = true));
    for (;;) {
      const found = wanted.exec(this.#output);
      if (found !== null) return found;
      if (over) throw new Error(`\`${this.command}\` ended without ${String(wanted)}: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits for an authorization URL. */
  async showsAuthorizationUrl(): Promise<URL> {
    return new URL((await this.shows(/https?:\/\/[^\s\x07\x1b]+\/authorize\?[^\s\x07\x1b]+(?=\s)/))[0]);
  }

  /** Answers what it asks. */
  answer(text: string): void {
    this.child.stdin?.write(`${text}\n`);
  }

  /** Waits for its end and gives its status, whichever it is. */
  over(): Promise<number | null> {
    return this.#status;
  }

  /** Waits for its end, which must have this status, and gives what it showed. */
  async ends(wanted = 0): Promise<string> {
    const status = await this.#status;
    if (status !== wanted) throw new Error(`\`${this.command}\` ended with ${status}: ${this.#output}`);
    return this.#output;
  }
}
