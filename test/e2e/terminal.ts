/** Programs that speak to a person only when there is a terminal. */

/** Program and arguments that run `program` in a terminal of its own, so wide that a URL stays on one line. */
export function inTerminal(program: string, args: readonly string[]): [program: string, args: string[]] {
  const script = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", "stty cols 4000; exec \\"$@\\"", "sh", *sys.argv[1:]])))';
  return ['python3', ['-c', script, program, ...args]];
}
