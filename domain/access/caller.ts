/** Who calls. In local mode without a token `user_id` is null and the call acts as the user that it names. */
export interface Caller {
  user_id: string | null;
  admin: boolean;
  via: 'local' | 'token' | 'cookie';
}
