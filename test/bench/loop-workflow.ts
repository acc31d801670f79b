import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';

const { answer } = proxyActivities<{ answer(id: string): Promise<void> }>({ startToCloseTimeout: '30s' });

export const ask = defineSignal<[string]>('ask');

/** The least a durable message can be: a signal, one activity, and nothing kept. */
export async function loop(): Promise<void> {
  const queue: string[] = [];
  let handled = 0;
  setHandler(ask, (id) => void queue.push(id));
  while (handled < 100_000) {
    await condition(() => queue.length > 0);
    const id = queue.shift();
    if (id === undefined || id === 'end') return;
    await answer(id);
    handled += 1;
  }
}
