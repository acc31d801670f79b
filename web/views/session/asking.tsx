import { useState } from 'react';
import type { ReactNode } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ShownInteraction } from '../../../domain/control/interaction.ts';
import { api } from '../../api/calls.ts';
import { Ago, Button } from '../../ui/ui.tsx';
import css from './asking.module.css';

/** What Claude asks, whole, and the ways to answer it. Nothing is decided by Enter in the message below. */
export function Asking({ interaction, session }: { interaction: ShownInteraction; session?: ReactNode }): ReactNode {
  const client = useQueryClient();
  const [words, setWords] = useState('');
  const answer = useMutation({
    mutationFn: (body: Record<string, unknown>) => api.answer(interaction.interaction_id, body),
    // Whoever was first: what is shown is then read again.
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['session', interaction.session_id] }),
        client.invalidateQueries({ queryKey: ['sessions'] }),
        client.invalidateQueries({ queryKey: ['inbox'] }),
      ]),
  });
  const decide = (body: Record<string, unknown>) => () => answer.mutate(body);
  const reason = words.trim() === '' ? {} : { reason: words.trim() };
  return (
    <section className={css.asking} aria-label="Waits for you" data-kind="asking">
      <header>
        <b>{HEADINGS[interaction.kind]}</b>
        {session}
        <span className={css.since}>
          <Ago at={interaction.created_at} />
        </span>
      </header>
      <Asked interaction={interaction} />
      {answer.error !== null && <p className={css.problem}>{answer.error.message}</p>}
      {interaction.kind === 'question' ? (
        <Questions interaction={interaction} disabled={answer.isPending} onAnswer={(body) => answer.mutate(body)} />
      ) : (
        <div className={css.answers}>
          {interaction.kind === 'permission' && (
            <>
              <Button disabled={answer.isPending} onClick={decide({ decision: 'allow' })}>
                Allow once
              </Button>
              {interaction.detail.suggestions[0] !== undefined && (
                <Button
                  disabled={answer.isPending}
                  title={`Allow ${interaction.detail.suggestions[0].label} until the session ends`}
                  onClick={decide({ decision: 'allow_session', rule: interaction.detail.suggestions[0].rule })}
                >
                  Allow for the session
                </Button>
              )}
            </>
          )}
          {interaction.kind === 'plan' && (
            <Button disabled={answer.isPending} onClick={decide({ decision: 'approve' })}>
              Approve
            </Button>
          )}
          <input
            aria-label="Reason"
            placeholder="What to do instead"
            value={words}
            maxLength={2000}
            onChange={({ target }) => setWords(target.value)}
          />
          <Button
            look="danger"
            disabled={answer.isPending}
            onClick={decide({ decision: interaction.kind === 'plan' ? 'reject' : 'deny', ...reason })}
          >
            {interaction.kind === 'plan' ? 'Reject' : 'Deny'}
          </Button>
        </div>
      )}
    </section>
  );
}

const HEADINGS = {
  permission: 'Claude asks for permission',
  question: 'Claude has a question',
  plan: 'Claude has a plan',
  budget: 'A budget is spent',
  trust: 'A folder asks for trust',
} as const;

function Asked({ interaction }: { interaction: ShownInteraction }): ReactNode {
  if (interaction.kind === 'plan') return <pre tabIndex={0}>{interaction.detail.plan}</pre>;
  if (interaction.kind !== 'permission') return null;
  const { tool, input } = interaction.detail;
  const { command } = input;
  return (
    <pre tabIndex={0}>
      {tool} {typeof command === 'string' ? command : JSON.stringify(input, null, 2)}
    </pre>
  );
}

function Questions(props: {
  interaction: ShownInteraction & { kind: 'question' };
  disabled: boolean;
  onAnswer: (body: { answers: Record<string, string> }) => void;
}): ReactNode {
  const { interaction, disabled, onAnswer } = props;
  const { questions } = interaction.detail;
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const whole = questions.every(({ question }) => (answers[question] ?? '').trim() !== '');
  return (
    <form
      className={css.questions}
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) onAnswer({ answers });
      }}
    >
      {questions.map(({ question, options }) => (
        <fieldset key={question}>
          <legend>{question}</legend>
          <div className={css.answers}>
            {options.map(({ label, description }) => (
              <Button
                key={label}
                type="button"
                title={description}
                aria-pressed={answers[question] === label}
                onClick={() => setAnswers({ ...answers, [question]: label })}
              >
                {label}
              </Button>
            ))}
            <input
              aria-label={`Answer to: ${question}`}
              placeholder="Your own words"
              value={answers[question] ?? ''}
              maxLength={2000}
              onChange={({ target }) => setAnswers({ ...answers, [question]: target.value })}
            />
          </div>
        </fieldset>
      ))}
      <Button type="submit" disabled={disabled || !whole}>
        Answer
      </Button>
    </form>
  );
}
