import { readContext } from './context';
import { CounterStack } from './counter-stack';
import { synthesize } from './synthesize';

synthesize((app) => new CounterStack(app, 'Counter', readContext(app.node)));
