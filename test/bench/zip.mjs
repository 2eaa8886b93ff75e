// How large a zip of some files is: each deflated as `zip -9` does it, plus the format's headers.

import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** Local header, entry of the central directory, and the end of it, without names. */
const [localHeader, centralHeader, end] = [30, 46, 22];

/** Size in bytes of a zip with one file, or with everything below a folder but compiled Python. */
export function zippedSize(path) {
  const files = statSync(path).isDirectory() ? below(path) : [path];
  const base = statSync(path).isDirectory() ? path : join(path, '..');
  return files.reduce(
    (size, file) =>
      size +
      localHeader +
      centralHeader +
      2 * Buffer.byteLength(relative(base, file)) +
      deflateRawSync(readFileSync(file), { level: 9 }).length,
    end,
  );
}

function below(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === '__pycache__' ? [] : below(path);
    return entry.isFile() ? [path] : [];
  });
}
