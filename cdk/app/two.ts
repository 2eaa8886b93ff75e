import { readContext } from './context';
import { synthesize } from './synthesize';
import { TwoStack } from './two-stack';

synthesize((app) => {
  const context = readContext(app.node);
  new TwoStack(app, `Two${context.environment.suffix}`, context);
});
