import type { ApiOptions } from '../../../api/options.ts';
import type { ProjectTrust } from '../../../domain/project-settings.ts';

/** Trust in memory; every folder has the same settings. */
export function memoryTrusts(): NonNullable<ApiOptions['trusts']> {
  const trusts = new Map<string, ProjectTrust>();
  return {
    async review(project_path) {
      const trust = trusts.has(project_path) ? 'trusted' : 'untrusted';
      return {
        project_path,
        digest: '0'.repeat(64),
        hooks: ['Stop: x'],
        mcp_servers: [],
        rules: [],
        files: ['/f'],
        trust,
      };
    },
    async trust({ user_id }, project_path, digest) {
      const trust = { project_path, digest, trusted_by: user_id, trusted_at: new Date().toISOString() };
      trusts.set(project_path, trust);
      return trust;
    },
    list: () => [...trusts.values()],
    forget: async (_caller, project_path) => trusts.delete(project_path),
  };
}
