/** The way in by which a call or a message came. */
export type Door = 'rest' | 'socket' | 'cli' | 'web' | 'sms' | 'email';

/** What shows who it is: a program of this machine, a token, a login's cookie, a provider's signature, a verified address. */
export type Evidence = 'none' | 'local' | 'token' | 'cookie' | 'signed' | 'verified';

/** Who calls. In local mode without a token `user_id` is null and the call acts as the user that it names. */
export interface Caller {
  user_id: string | null;
  admin: boolean;
  via: 'local' | 'token' | 'cookie';
}
