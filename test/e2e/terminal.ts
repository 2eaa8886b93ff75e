/** Programs that speak to a person only when there is a terminal. */

/** Program and arguments that run `program` in a terminal of its own, so wide that a URL stays on one line unless told otherwise. */
export function inTerminal(
  program: string,
  args: readonly string[],
  columns = 4000,
): [program: string, args: string[]] {
  const script = `import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", "stty cols ${columns} rows 50; exec \\"$@\\"", "sh", *sys.argv[1:]])))`;
  return ['python3', ['-c', script, program, ...args]];
}
