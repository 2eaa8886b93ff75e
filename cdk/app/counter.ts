import { App } from 'aws-cdk-lib';
import { readContext } from './context';
import { CounterStack } from './counter-stack';

const app = new App();
new CounterStack(app, 'Counter', readContext(app.node));
app.synth();
