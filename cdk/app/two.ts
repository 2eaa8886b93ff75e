import { App } from 'aws-cdk-lib';
import { readContext } from './context';
import { TwoStack } from './two-stack';

const app = new App();
const context = readContext(app.node);
new TwoStack(app, `Two${context.environment.suffix}`, context);
app.synth();
