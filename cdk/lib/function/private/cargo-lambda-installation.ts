import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The Python packages of cargo-lambda and of its cross linker, Zig, each with the digests of its files for every platform. */
const REQUIREMENTS = String.raw`cargo-lambda==1.9.2 \
  --hash=sha256:05efdab4db99fd976f5718b67bb4e72089335d1aab209168f2dfe20907b0e341 \
  --hash=sha256:28e2f698b4e0e367097cd30a8ded8ddc6851dba6f4d53b907b4659a635ae3665 \
  --hash=sha256:3350315e8b4e88f7134967f51546bf51aa5db37a6d39a17380545362ae27e289 \
  --hash=sha256:59df0f604a822755889b6923b1263cf94b07b24c860bf968e84f1d09c646bc76 \
  --hash=sha256:db2c0b1d53d7ed0055198fd045f641addc91b180b20d794fcf78cc9a9efacb38
ziglang==0.17.1 \
  --hash=sha256:09953b6af7f64168b915180a42774f520f92d86ef6331b28e33915c7e1f0bb23 \
  --hash=sha256:27a8da5f8eaa0e76ebbc7c2594130ed4646c1101ada2ce0aa86fe580c74154b9 \
  --hash=sha256:4e0b4b9c02b8d0d220e9948010f860b62ff11d96abb39762eca5fa2ef3f7bc97 \
  --hash=sha256:69c3dfc3aff6a297ec4017aa904782c0e450eb988982d7f675d83edce27526fb \
  --hash=sha256:7ec229ead4a08f3bc537ed33fa8c0f811739b81a0d05afbea89db30afb4df1cc \
  --hash=sha256:87f24e5cdca55f5d47c1e20570eebb61a53957fafe4c35c69740e13affe407ba \
  --hash=sha256:ae28f1f1150b95c8b1bb5e185d18e6c542877dc480e2476ccc81dac41f191b71 \
  --hash=sha256:b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e \
  --hash=sha256:d0549d5db63961ad9ed83ef628a45e3309542410dbcb6010116f4f2a3274d966 \
  --hash=sha256:d3bf27478d4593f2df7daf5c59b616a543b8f9e2cc9235bef84d8e54862a4334 \
  --hash=sha256:d65ae4223b0c351cb3b4596262b8d9773acc9ca94ef8ea9b5fe3ddfa07dd204f \
  --hash=sha256:ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54
`;

/** Set to `never` where nothing may be installed. */
const SWITCH = 'CARGO_LAMBDA_INSTALL';

/** What the installation needs from its surroundings. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
}

/**
 * The directory of the `cargo-lambda` that this library installs once for all projects of a person, made now if it is not there.
 * Undefined without Python 3, or if nothing may be installed.
 *
 * @throws an error with pip's own words
 */
export function installedCargoLambda({ env, say }: Surroundings): string | undefined {
  const version = /cargo-lambda==([0-9.]+)/.exec(REQUIREMENTS)![1];
  const home = join(cacheDirectory(env), 'mcp-lambda', `cargo-lambda-${version}`);
  const programs = join(home, process.platform === 'win32' ? 'Scripts' : 'bin');
  const stamp = join(home, 'requirements.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === REQUIREMENTS) {
    return programs;
  }
  const python = process.platform === 'win32' ? 'python' : 'python3';
  if (env[SWITCH] === 'never' || run(python, ['--version'], env) !== undefined) {
    return undefined;
  }
  say(`installing cargo-lambda ${version} and Zig into ${home}; once, about a minute (${SWITCH}=never prevents it) …`);
  // Another synthesis may begin at the same moment: each makes one of its own, and the first to end is kept.
  const making = `${home}.${process.pid}`;
  try {
    mkdirSync(dirname(home), { recursive: true });
    const own = join(making, programs.slice(home.length + 1), 'python');
    const install = ['-I', '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes'];
    const requirements = `${making}.txt`;
    writeFileSync(requirements, REQUIREMENTS);
    const problem =
      run(python, ['-I', '-m', 'venv', '--clear', making], env) ??
      run(own, [...install, '--requirement', requirements], env);
    rmSync(requirements, { force: true });
    if (problem !== undefined) {
      throw new Error(problem);
    }
    writeFileSync(join(making, 'requirements.txt'), REQUIREMENTS);
    rmSync(home, { recursive: true, force: true });
    renameSync(making, home);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return programs;
}

/** Runs a program and gives what went wrong, in its own words. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const { error, status, stderr } = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return error?.message ?? (status === 0 ? undefined : stderr.trim());
}

/** The directory for what can be made again. */
function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') {
    return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  }
  return env.XDG_CACHE_HOME || join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
}
