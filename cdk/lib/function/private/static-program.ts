import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { synthError } from '../../private/synth-error';

/** Of the ELF header: its magic number, 64 bits in little-endian order, and arm64. */
const MAGIC = '\u007fELF\u0002\u0001';
const ARM64 = 183;

/** Of a program header: the path of the dynamic linker. */
const INTERPRETER = 3;

/** Copies a program into a directory as `bootstrap`, unless it would not run in an image that has nothing else. */
export function copyStaticProgram(program: string, outputDirectory: string): void {
  assertStatic(program, readFileSync(program));
  const copy = join(outputDirectory, 'bootstrap');
  copyFileSync(program, copy);
  chmodSync(copy, 0o755);
}

function assertStatic(path: string, file: Buffer): void {
  if (file.length < 64 || file.toString('latin1', 0, 6) !== MAGIC || file.readUInt16LE(18) !== ARM64) {
    throw synthError(
      'ProgramNotArm64',
      `${path} is no program for Linux on arm64, which McpCompute.fargate runs: build it with \`cargo lambda build --release --target aarch64-unknown-linux-musl\``,
    );
  }
  const [start, size, count] = [Number(file.readBigUInt64LE(32)), file.readUInt16LE(54), file.readUInt16LE(56)];
  const headers = Array.from({ length: count }, (_, index) => start + index * size);
  if (headers.some((at) => at + 4 <= file.length && file.readUInt32LE(at) === INTERPRETER)) {
    throw synthError(
      'ProgramNotStatic',
      `${path} is linked to a C library, and the image of McpCompute.fargate has none: build it with \`cargo lambda build --release --target aarch64-unknown-linux-musl\`, or give McpCode.fromImage an image with the library`,
    );
  }
}
