// What the shell must not decide about the tests.

/** Settings that change what programs do and that no test means: profiles, credentials and endpoints of AWS, code put into Node and Python. */
const FOREIGN = /^(AWS_.*|CDK_.*|NODE_OPTIONS|NODE_PATH|NODE_USE_ENV_PROXY|PYTHON.*)$/;
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * Removes them from the environment, which all programs get that are started from here. It is no list of what is allowed, as the local
 * stack has one for what it runs: tests compile and install, and what compilers and package managers of a machine need has no end. A
 * proxy therefore stays, for the registries; what is on this machine is never reached through it.
 */
export function cleanEnvironment() {
  for (const name of Object.keys(process.env)) {
    if (FOREIGN.test(name)) delete process.env[name];
  }
  const direct = [process.env.NO_PROXY ?? process.env.no_proxy, ...LOOPBACK].filter(Boolean).join(',');
  Object.assign(process.env, { NO_PROXY: direct, no_proxy: direct });
}
