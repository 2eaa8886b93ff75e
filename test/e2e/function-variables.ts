/** The environment variables of a deployed function, changed as an administrator of the account would. */

import { awsRest, type Stack } from './stack.ts';

interface Configuration {
  readonly FunctionName: string;
  readonly Environment?: { readonly Variables: Record<string, string> };
}

const functions = '/2015-03-31/functions';

/** The variables of the one function of this stack that has `known`, and its name. */
async function functionWith(
  stack: Stack,
  known: string,
): Promise<{ readonly name: string; readonly variables: Record<string, string> }> {
  const { Functions } = await awsRest<{ Functions: readonly Configuration[] }>(stack, 'lambda', 'GET', `${functions}/`);
  const found = Functions.filter(({ Environment }) => known in (Environment?.Variables ?? {}));
  const [one] = found;
  if (one === undefined || found.length > 1) throw new Error(`${found.length} functions of this stack have ${known}`);
  return { name: one.FunctionName, variables: one.Environment?.Variables ?? {} };
}

/** The variables of the one function of this stack that has `known`. */
export async function variablesOf(stack: Stack, known: string): Promise<Record<string, string>> {
  return (await functionWith(stack, known)).variables;
}

/** The value of a variable of the one function of this stack that has it. */
export async function variable(stack: Stack, name: string): Promise<string> {
  return (await variablesOf(stack, name))[name] ?? '';
}

/** Changes variables of the one function of this stack that has `known`, `undefined` takes one away; what is returned puts the old ones back. */
export async function setVariables(
  stack: Stack,
  known: string,
  changed: Record<string, string | undefined>,
): Promise<() => Promise<void>> {
  const { name, variables } = await functionWith(stack, known);
  const put = (Variables: Record<string, string | undefined>): Promise<unknown> =>
    awsRest(stack, 'lambda', 'PUT', `${functions}/${name}/configuration`, { Environment: { Variables } });
  await put({ ...variables, ...changed });
  return async () => void (await put(variables));
}
