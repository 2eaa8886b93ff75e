import { App } from 'aws-cdk-lib';
import { readContext } from './context';
import { DogFactsStack } from './dog-facts-stack';

const app = new App();
new DogFactsStack(app, 'DogFacts', readContext(app.node));
app.synth();
