import { readContext } from './context';
import { synthesize } from './synthesize';
import { WorkshopStack } from './workshop-stack';

synthesize((app) => {
  const context = readContext(app.node);
  new WorkshopStack(app, `Workshop${context.environment.suffix}`, context);
});
