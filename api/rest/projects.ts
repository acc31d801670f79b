import { z } from 'zod';
import { projectPath, timestamp } from '../fields.ts';
import type { ProjectTrusts } from '../service/project-trusts.ts';
import type { Bind } from './http/bind.ts';
import { defineRoute, PREFIX } from './http/route-spec.ts';

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
  .describe('SHA-256 of the real path and of all files');

const example = {
  project_path: '/path/to/project',
  digest: 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c',
};

const projectTrust = z
  .object({ project_path: projectPath, digest, trusted_by: z.string().nullable(), trusted_at: timestamp })
  .meta({
    id: 'ProjectTrust',
    examples: [{ ...example, trusted_by: 'user123', trusted_at: '2026-11-25T09:30:00.000Z' }],
  });

const projectTrusts = z.object({ projects: z.array(projectTrust), next_cursor: z.null() }).meta({
  id: 'ProjectTrusts',
  examples: [
    {
      projects: [{ ...example, trusted_by: 'user123', trusted_at: '2026-11-25T09:30:00.000Z' }],
      next_cursor: null,
    },
  ],
});

const projectSettings = z
  .object({
    project_path: projectPath,
    trust: z.enum(['none', 'trusted', 'untrusted', 'changed']).describe('none: there is nothing to trust'),
    digest: digest.nullable(),
    hooks: z.array(z.string()).describe('Commands that run by themselves'),
    mcp_servers: z.array(z.string()),
    rules: z.array(z.string()).describe('What the agent may do without a question'),
    files: z.array(z.string()).describe('All files that the digest covers'),
  })
  .meta({
    id: 'ProjectSettings',
    examples: [
      {
        ...example,
        trust: 'untrusted',
        hooks: ['SessionStart: ./setup.sh'],
        mcp_servers: [],
        rules: ['Bash(npm test)'],
        files: ['/path/to/project/.claude/settings.json'],
      },
    ],
  });

const projectQuery = z.object({ project_path: projectPath });
const trustBody = z.object({ project_path: projectPath, digest }).meta({ id: 'TrustProject', examples: [example] });
const forgotten = z
  .object({ project_path: projectPath, forgotten: z.boolean().describe('False: it was not trusted') })
  .meta({ id: 'ForgottenProject', examples: [{ project_path: '/path/to/project', forgotten: true }] });

const PATH = `${PREFIX}/projects`;

/** Which folders' settings Claude Code loads. */
export const PROJECT_ROUTES = {
  getProjectSettings: defineRoute({
    operationId: 'getProjectSettings',
    method: 'get',
    path: `${PATH}/settings`,
    summary: 'What a folder would make Claude Code run, and whether that is trusted',
    tag: 'projects',
    query: projectQuery,
    answers: { 200: { description: 'The settings as they are now', schema: projectSettings } },
    errors: ['PROJECT_PATH'],
  }),
  listTrustedProjects: defineRoute({
    operationId: 'listTrustedProjects',
    method: 'get',
    path: `${PATH}/trust`,
    summary: 'The trusted folders, for admins',
    tag: 'projects',
    answers: { 200: { description: 'By path', schema: projectTrusts } },
    errors: ['FORBIDDEN'],
  }),
  trustProject: defineRoute({
    operationId: 'trustProject',
    method: 'post',
    path: `${PATH}/trust`,
    summary: 'Trust the settings of a folder as they were shown, for admins',
    tag: 'projects',
    body: trustBody,
    answers: { 200: { description: 'What is trusted now', schema: projectTrust } },
    errors: ['PROJECT_PATH', 'FORBIDDEN'],
  }),
  forgetProject: defineRoute({
    operationId: 'forgetProject',
    method: 'delete',
    path: `${PATH}/trust`,
    summary: 'Forget the trust in a folder, for admins',
    tag: 'projects',
    query: projectQuery,
    answers: { 200: { description: 'Whether it was trusted', schema: forgotten } },
    errors: ['FORBIDDEN'],
  }),
} as const;

/** Which folders' settings Claude Code loads. */
export function bindProjects(bind: Bind, { trusts }: { trusts: Pick<ProjectTrusts, keyof ProjectTrusts> }): void {
  bind(PROJECT_ROUTES.getProjectSettings, async ({ query, res }) => {
    res.json(await trusts.review(query.project_path));
  });

  bind(PROJECT_ROUTES.listTrustedProjects, ({ caller, res }) => {
    res.json({ projects: trusts.list(caller), next_cursor: null });
  });

  bind(PROJECT_ROUTES.trustProject, async ({ caller, body, res }) => {
    res.json(await trusts.trust(caller, body.project_path, body.digest));
  });

  bind(PROJECT_ROUTES.forgetProject, async ({ caller, query, res }) => {
    const { project_path } = query;
    res.json({ project_path, forgotten: await trusts.forget(caller, project_path) });
  });
}
