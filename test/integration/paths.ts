/** Where things are in the checkout. */

import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

/** The apps by name, each with the stack that it defines. */
export const STACKS = { defaults: 'Defaults', everything: 'Everything' } as const;

export type AppName = keyof typeof STACKS;

export const APPS: readonly AppName[] = ['defaults', 'everything'];

/** The source of an app. */
export const sourceOf = (app: AppName): string => join(root, 'test', 'integration', 'apps', `${app}.ts`);
