import type { Reporter } from '../../host/run/reporter.ts';
import type { CliContext } from '../context.ts';
import { makePaint } from '../output/paint.ts';
import { printable } from '../output/printable.ts';

/** Makes the reporter of `start`: lines on stdout, warnings on stderr, or one object a line with `--json`. */
export function makeReporter({ stdout, stderr, color }: CliContext, json: boolean): Reporter {
  const paint = makePaint(color);
  const object = (data: object): void => void stdout.write(`${JSON.stringify(data)}\n`);
  if (json) {
    return {
      progress: (text) => object({ type: 'progress', text }),
      say: (text) => object({ type: 'text', text }),
      warn: (text) => object({ type: 'warning', text }),
      stream: () => undefined,
      event: object,
    };
  }
  return {
    progress: (text) => void stdout.write(`${paint('dim', `… ${text}`)}\n`),
    say: (text) => void stdout.write(`${text}\n`),
    warn: (text) => void stderr.write(`${paint('yellow', printable(text))}\n`),
    stream: (text) => void stdout.write(printable(text)),
    event: () => undefined,
  };
}
