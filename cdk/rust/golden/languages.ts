// The golden app in the languages that run with every test.
import { join } from 'node:path';
import { template, writePackage } from './tools.ts';

export const typescript = () =>
  template('typescript', process.execPath, ['--import', 'tsx', 'cdk/rust/golden/typescript/app.ts']);

export const rust = () =>
  template('rust', 'cargo', [
    'run',
    '--quiet',
    '--locked',
    '--manifest-path',
    'cdk/rust/Cargo.toml',
    '--package',
    'mcp-lambda-cdk',
    '--example',
    'golden',
  ]);

/** `python`: an interpreter that has the packages of python/requirements.txt. */
export const python = (interpreter: string) =>
  template('python', interpreter, ['cdk/rust/golden/python/app.py'], {
    PYTHONPATH: join(writePackage('python'), 'src'),
  });
