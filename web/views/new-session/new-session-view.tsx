import { useState } from 'react';
import type { FormEvent, ReactNode } from 'react';
import { useMutation } from '@tanstack/react-query';
import { useLocation, useSearchParams } from 'wouter';
import { PERMISSION_MODES } from '../../../domain/session/session.ts';
import type { PermissionMode } from '../../../domain/session/session.ts';
import { api } from '../../api/calls.ts';
import { useAllSessions, useStored } from '../../hooks.ts';
import { usePage } from '../../page-context.ts';
import { Button, Field } from '../../ui/ui.tsx';
import view from '../view.module.css';

/** Begins a session: where, and what to say first; the rest is folded. The same form sent twice makes one session. */
export function NewSessionView(): ReactNode {
  const { me } = usePage();
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const { sessions } = useAllSessions({});
  const recent = [...new Set(sessions.map(({ project_path: path }) => path))].slice(0, 20);
  const [project, setProject] = useState(search.get('project') ?? '');
  const [first, setFirst] = useStored('xswarm.draft.new');
  const [user, setUser] = useState(me.user_id ?? me.users[0] ?? '');
  const [title, setTitle] = useState('');
  const [model, setModel] = useState('');
  const [mode, setMode] = useState<PermissionMode | ''>('');
  const [sessionId] = useState(() => crypto.randomUUID());
  const create = useMutation({
    mutationFn: async () => {
      await api.create({
        user_id: user,
        project_path: project.trim(),
        session_id: sessionId,
        ...(title.trim() !== '' && { title: title.trim() }),
        options: { ...(model.trim() !== '' && { model: model.trim() }), ...(mode !== '' && { permission_mode: mode }) },
      });
      // The session's id is the key, so that a repeated try sends the first message once.
      if (first.trim() !== '') await api.send(sessionId, `first-${sessionId}`, first);
    },
    onSuccess: () => {
      setFirst('');
      navigate(`/sessions/${sessionId}`);
    },
  });

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <div className={view.page}>
      <h1>New session</h1>
      <form className={view.form} onSubmit={submit}>
        <Field label="Project folder" hint="An absolute path on the machine where the agents run.">
          <input
            required
            list="recent-projects"
            autoFocus={project === ''}
            autoComplete="off"
            spellCheck={false}
            placeholder="/path/to/project"
            value={project}
            onChange={({ target }) => setProject(target.value)}
          />
          <datalist id="recent-projects">
            {recent.map((path) => (
              <option key={path} value={path} />
            ))}
          </datalist>
        </Field>
        <Field label="First message" hint="May be left empty.">
          <textarea rows={4} value={first} onChange={({ target }) => setFirst(target.value)} />
        </Field>
        <details>
          <summary>Title, model, permissions{me.users.length > 1 ? ', user' : ''}</summary>
          <div className={view.form}>
            <Field label="Title">
              <input value={title} maxLength={200} onChange={({ target }) => setTitle(target.value)} />
            </Field>
            <Field label="Model" hint="Empty: what the server is configured with.">
              <input value={model} spellCheck={false} onChange={({ target }) => setModel(target.value)} />
            </Field>
            <Field label="Permission mode">
              <select value={mode} onChange={({ target }) => setMode(target.value as PermissionMode | '')}>
                <option value="">As configured</option>
                {PERMISSION_MODES.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </Field>
            {me.users.length > 1 && (
              <Field label="User">
                <select value={user} onChange={({ target }) => setUser(target.value)}>
                  {me.users.map((id) => (
                    <option key={id}>{id}</option>
                  ))}
                </select>
              </Field>
            )}
          </div>
        </details>
        {create.error !== null && <p role="alert">{create.error.message}</p>}
        <div className={view.actions}>
          <Button type="submit" look="primary" disabled={create.isPending || project.trim() === ''}>
            {create.isPending ? 'Connecting…' : 'Begin'}
          </Button>
        </div>
      </form>
    </div>
  );
}
