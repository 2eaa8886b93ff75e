import { readContext } from './context';
import { synthesize } from './synthesize';
import { TwoServersStack } from './two-servers-stack';

synthesize((app) => {
  const context = readContext(app.node);
  new TwoServersStack(app, `Two${context.environment.suffix}`, context);
});
