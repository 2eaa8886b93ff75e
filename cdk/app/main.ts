import { readContext } from './context';
import { DogFactsStack } from './dog-facts-stack';
import { synthesize } from './synthesize';

synthesize((app) => {
  const context = readContext(app.node);
  new DogFactsStack(app, `DogFacts${context.environment.suffix}`, context);
});
