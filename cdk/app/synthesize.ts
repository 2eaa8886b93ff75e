import { App } from 'aws-cdk-lib';

/** Synthesizes an app. A mistake that the library or the context explains is one line for the person who runs `cdk`, without a stack trace. */
export function synthesize(define: (app: App) => void): void {
  try {
    // Half an app must not be synthesized at the end of the process, which would be a second error.
    const app = new App({ autoSynth: false });
    define(app);
    app.synth();
  } catch (error) {
    if (!(error instanceof Error) || !/ \([A-Z][A-Za-z]+\)$/.test(error.message)) {
      throw error;
    }
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
