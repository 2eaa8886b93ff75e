import { App } from 'aws-cdk-lib';
import { readContext } from './context';
import { DogFactsStack } from './dog-facts-stack';

const app = new App();
const context = readContext(app.node);
new DogFactsStack(app, `DogFacts${context.environment.suffix}`, context);
app.synth();
