import { round } from './figures.ts';
import type { Product } from './product.ts';
import type { Report } from './report.ts';
import type { Size } from './size.ts';

/** Counts what a message leaves in Temporal's history: it must not wobble, so a miss makes the run fail. */
export async function measureCounts(product: Product, { counted }: Size, report: Report): Promise<void> {
  const id = await product.create();
  await product.send(id, 'warm up');
  const before = await product.history(id);
  for (let index = 0; index < counted; index += 1) await product.send(id, `message ${index}: check git status`);
  const after = await product.history(id);
  if (after.events <= before.events) throw new Error('The session went on in a new run: count fewer messages');
  const events = round((after.events - before.events) / counted);
  const tasks = round((after.tasks - before.tasks) / counted);
  const bytes = Math.round((after.bytes - before.bytes) / counted);
  report.keep('counts', { events, tasks, bytes });
  const figure = `${events} events, ${tasks} workflow tasks, ${bytes} bytes`;
  const met = events <= 11 && tasks <= 2 && bytes <= 6_000;
  report.count('history a message', figure, '≤ 11 events, 2 tasks, 6 kB', met);
}
