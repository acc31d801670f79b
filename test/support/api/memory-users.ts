import type { Caller, User, UserService } from '../../../api/service/service.ts';

/** Users and tokens in memory; the token of `alice` is `token-alice`. */
export function memoryUsers(users: { id: string; admin?: boolean; phone?: string }[]): UserService {
  const known = users.map(({ id, admin = false, phone }): User => {
    return {
      id,
      admin,
      phone: phone ?? null,
      email: null,
      default_project: null,
      created_at: new Date().toISOString(),
    };
  });
  const unused = (): never => {
    throw new Error('The doors do not call this');
  };
  return {
    add: unused,
    list: () => known,
    get: (id) => known.find((user) => user.id === id) ?? null,
    remove: unused,
    createToken: unused,
    listTokens: () => [],
    revokeToken: unused,
    authenticate(secret): Caller | null {
      const user = known.find(({ id }) => secret === `token-${id}`);
      return user === undefined ? null : { user_id: user.id, admin: user.admin, via: 'token' };
    },
  };
}
